package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.advisorylock.HeldLock;
import io.github.advisorylock.LockListener.Acquired;
import io.github.advisorylock.LockListener.Lost;
import io.github.advisorylock.LockSession;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Many threads read and write back a number that only the lock keeps them from mixing up. */
@Timeout(120) // a thread that is stuck would be waited for without a bound
class MutualExclusionIT {
  private static final int THREADS = 8;
  private static final int ROUNDS = 25;

  @RegisterExtension final Scene scene = new Scene();
  private final LockStage stage = new LockStage(scene);

  /** Where the lock is, seen from the work. */
  private enum Kind {
    DEDICATED,
    SAME_DEDICATED_AGAIN,
    BORROWED,
    BORROWED_WITHOUT_AUTOCOMMIT
  }

  @BeforeEach
  void createCounter() {
    scene.database().execute("CREATE TABLE counter AS SELECT 0 AS n");
  }

  @Test
  void shouldLetNobodyInBetween() throws Exception {
    ExecutorService executor = Executors.newFixedThreadPool(THREADS);
    try {
      List<Future<?>> all = new ArrayList<>();
      for (int i = 0; i < THREADS; i++) {
        Kind kind = Kind.values()[i % Kind.values().length];
        all.add(
            executor.submit(
                () -> {
                  count(kind);
                  return null;
                }));
      }
      for (Future<?> one : all) {
        one.get();
      }
    } finally {
      executor.shutdownNow();
    }

    assertThat(scene.database().count("SELECT n FROM counter")).isEqualTo(THREADS * ROUNDS);
    assertThat(stage.events().of(Acquired.class)).hasSize(THREADS * ROUNDS);
    assertThat(stage.events().of(Lost.class)).isEmpty();
    scene.probe().awaitNothingLeft();
  }

  private void count(Kind kind) throws SQLException {
    try (Connection work = stage.connect(kind != Kind.BORROWED_WITHOUT_AUTOCOMMIT)) {
      LockSession dedicated = stage.dedicated();
      for (int round = 0; round < ROUNDS; round++) {
        LockSession session =
            switch (kind) {
              case DEDICATED -> stage.dedicated();
              case SAME_DEDICATED_AGAIN -> dedicated;
              case BORROWED, BORROWED_WITHOUT_AUTOCOMMIT -> LockStage.borrowed(work);
            };
        try (HeldLock held = stage.lock(LockStage.BUSY).acquire(session)) {
          increment(work);
          assertThat(held).isNotNull();
        }
      }
    }
  }

  private static void increment(Connection work) throws SQLException {
    try (Statement statement = work.createStatement();
        ResultSet row = statement.executeQuery("SELECT n FROM counter")) {
      row.next();
      statement.executeUpdate("UPDATE counter SET n = " + (row.getInt(1) + 1));
    }
    if (!work.getAutoCommit()) {
      work.commit();
    }
  }
}
