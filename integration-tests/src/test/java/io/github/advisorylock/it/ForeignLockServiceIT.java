package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicInteger;
import liquibase.database.Database;
import liquibase.database.core.PostgresDatabase;
import liquibase.exception.LockException;
import liquibase.lockservice.DatabaseChangeLogLock;
import liquibase.lockservice.LockService;
import liquibase.lockservice.LockServiceFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A lock service that Liquibase prefers to the one of the jar. */
class ForeignLockServiceIT extends LocalLiquibaseScene {

  private static final AtomicInteger TAKEN = new AtomicInteger();

  @BeforeEach
  void register() {
    TAKEN.set(0);
    LockServiceFactory.reset();
    LockServiceFactory.getInstance().register(new NotReentrant());
  }

  @AfterEach
  void unregister() {
    LockServiceFactory.reset();
  }

  @Test
  void shouldBeAskedForTheLockOnce() throws Exception {
    writeOne();

    liquibase().update();

    assertThat(TAKEN).hasValue(1);
    assertThat(scene.database().list(CHANGESETS)).containsExactly("1");
  }

  /** It has no table, or a separate one. */
  @Test
  void shouldNotBeGivenTheTableOfLiquibasesLock() throws Exception {
    writeOne();

    liquibase().update();

    assertThat(scene.database().list(TABLES)).containsExactly("databasechangelog", "one");
  }

  @Test
  void shouldBeReportedOnce() throws Exception {
    LockServiceFactory.reset();
    LockServiceFactory.getInstance().register(new Reported());
    writeOne();
    LocalLiquibase liquibase = liquibase();

    liquibase.update();
    liquibase.update();

    assertThat(liquibase.messages())
        .containsOnlyOnce(
            "The advisory lock is not used: Liquibase prefers the lock service "
                + Reported.class.getName()
                + ", whose priority is 1000");
  }

  /** Not used by another test: each class is reported once in a JVM. */
  public static final class Reported extends NotReentrant {
    /** Liquibase makes one for each database. */
    public Reported() {}
  }

  /** Would wait for itself if it was asked twice. */
  public static class NotReentrant implements LockService {
    private boolean taken;

    /** Liquibase makes one for each database. */
    public NotReentrant() {}

    @Override
    public int getPriority() {
      return 1000;
    }

    @Override
    public boolean supports(Database database) {
      return database instanceof PostgresDatabase;
    }

    @Override
    public void waitForLock() throws LockException {
      TAKEN.incrementAndGet();
      if (!acquireLock()) {
        throw new LockException("It waits for itself");
      }
    }

    @Override
    public boolean acquireLock() {
      boolean isFree = !taken;
      taken = true;
      return isFree;
    }

    @Override
    public void releaseLock() {
      taken = false;
    }

    @Override
    public boolean hasChangeLogLock() {
      return taken;
    }

    @Override
    public DatabaseChangeLogLock[] listLocks() {
      return new DatabaseChangeLogLock[0];
    }

    @Override
    public void forceReleaseLock() {
      releaseLock();
    }

    @Override
    public void reset() {
      taken = false;
    }

    @Override
    public void setDatabase(Database database) {}

    @Override
    public void setChangeLogLockWaitTime(long minutes) {}

    @Override
    public void setChangeLogLockRecheckTime(long seconds) {}

    @Override
    public void init() {}

    @Override
    public void destroy() {}
  }
}
