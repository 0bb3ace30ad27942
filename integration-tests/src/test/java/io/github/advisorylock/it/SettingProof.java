package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.advisorylock.LockKey;
import io.github.advisorylock.it.SettingChannel.Ending;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;

/**
 * What a setting does, seen from outside. Where the setting did not arrive, the run would end
 * otherwise; each proof therefore also bounds the wait by a second setting.
 */
enum SettingProof {
  ACTIVE("active") {
    @Override
    void prove(SettingStage stage) throws Exception {
      Ending ending =
          stage.whileHeld(LockKey.MIGRATION, () -> stage.run("active", "false", "timeout", "0"));

      assertThat(ending.ok()).as(ending.said()).isTrue();
      assertThat(stage.isMigrated()).isTrue();
    }
  },

  KEY_NAME("key") {
    @Override
    void prove(SettingStage stage) throws Exception {
      LockKey key = LockKey.named("billing");

      String said = stage.whileHeld(key, () -> stage.refusal("key", "billing", "timeout", "0"));

      assertThat(said).contains("Gave up on the advisory lock " + key);
    }
  },

  KEY_NUMBER("key") {
    @Override
    void prove(SettingStage stage) throws Exception {
      String said =
          stage.whileHeld(LockKey.of(-42), () -> stage.refusal("key", "-42", "timeout", "0"));

      assertThat(said).contains("Gave up on the advisory lock -42 ");
    }
  },

  SCOPE("scope") {
    @Override
    void prove(SettingStage stage) throws Exception {
      LockKey key = LockKey.MIGRATION.within("public");

      String said = stage.whileHeld(key, () -> stage.refusal("scope", "schema", "timeout", "0"));

      assertThat(said).contains("Gave up on the advisory lock " + key);
    }
  },

  TIMEOUT("timeout") {
    @Override
    void prove(SettingStage stage) throws Exception {
      assertThat(stage.tries("timeout", "0", "maxAttempts", "5")).isEqualTo(1);
    }
  },

  MAX_ATTEMPTS("maxAttempts") {
    @Override
    void prove(SettingStage stage) throws Exception {
      assertThat(stage.tries("maxAttempts", "2", "timeout", "20s")).isEqualTo(2);
    }
  },

  BACKOFF("backoff") {
    @Override
    void prove(SettingStage stage) throws Exception {
      assertThat(stage.tries("backoff", "1h", "timeout", "400ms"))
          .as("the timeout cuts the first pause short, where the default makes 3 or 4")
          .isLessThanOrEqualTo(2);
    }
  },

  BACKOFF_STEP("backoffStep") {
    @Override
    void prove(SettingStage stage) throws Exception {
      int tries =
          stage.tries("backoff", "1ms", "backoffStep", "1h", "maxBackoff", "2h", "timeout", "1s");

      assertThat(tries)
          .as("the timeout cuts the second pause short, where the default makes 6 or 7")
          .isLessThanOrEqualTo(3);
    }
  },

  MAX_BACKOFF("maxBackoff") {
    @Override
    void prove(SettingStage stage) throws Exception {
      assertThat(stage.tries("maxBackoff", "1ms", "maxAttempts", "50", "timeout", "20s"))
          .as("the default makes some 25")
          .isEqualTo(50);
    }
  },

  WAKE_UP("wakeUp") {
    @Override
    void prove(SettingStage stage) throws Exception {
      assertThat(stage.listenersOfWaiting("wakeUp", "false")).as("the default is 1").isZero();
    }
  },

  LEASE("lease") {
    @Override
    void prove(SettingStage stage) throws Exception {
      assertThat(stage.runSlowly("lease", "3s").ok()).isTrue();
      assertThat(stage.sawHeartbeat())
          .as("the default's second heartbeat comes after ten seconds")
          .isTrue();
    }
  },

  POOLING("pooling") {
    @Override
    void prove(SettingStage stage) throws Exception {
      if (stage.tool() == Tool.LIQUIBASE) {
        assertThat(stage.refusal("pooling", "transaction"))
            .contains("may hand each transaction to another session");
      } else {
        assertThat(stage.run("pooling", "transaction").ok()).isTrue();
        assertThat(stage.locksOfWorkingSession())
            .as("Flyway's own lock is on its other connection")
            .isEqualTo(1);
      }
    }
  },

  URL("url") {
    @Override
    void prove(SettingStage stage) throws Exception {
      try (Database other = Server.get().freshDatabase()) {
        Login login = other.owner();
        String url = withParameters(other, "user", login.user(), "password", login.password());

        String said = whileHeldThere(other, () -> stage.refusal("url", url, "maxAttempts", "1"));

        assertThat(said).contains("Gave up on the advisory lock");
      }
    }
  },

  USER("user") {
    @Override
    void prove(SettingStage stage) throws Exception {
      try (Database other = Server.get().freshDatabase()) {
        Login login = other.createLogin();
        String url = withParameters(other, "password", login.password());

        String said =
            whileHeldThere(
                other, () -> stage.refusal("url", url, "user", login.user(), "maxAttempts", "1"));

        assertThat(said).contains("Gave up on the advisory lock");
      }
    }
  },

  PASSWORD("password") {
    @Override
    void prove(SettingStage stage) throws Exception {
      try (Database other = Server.get().freshDatabase()) {
        Login login = other.createLogin();
        String url = withParameters(other, "user", login.user());

        String said =
            whileHeldThere(
                other,
                () -> stage.refusal("url", url, "password", login.password(), "maxAttempts", "1"));

        assertThat(said).contains("Gave up on the advisory lock");
      }
    }
  },

  /** Many at once: that what a tool elsewhere is told has its effects there. */
  WAITING("key", "scope", "timeout", "maxAttempts", "backoffStep", "url", "user", "password") {
    @Override
    void prove(SettingStage stage) throws Exception {
      LockKey key = LockKey.named("billing").within("public");
      try (Database other = Server.get().freshDatabase()) {
        Login login = other.createLogin();

        String said =
            KeyHolder.whileHeld(
                key,
                other,
                () ->
                    stage.refusal(
                        "key", "billing",
                        "scope", "schema",
                        "timeout", "2s",
                        "maxAttempts", "99",
                        "backoff", "1ms",
                        "backoffStep", "1h",
                        "maxBackoff", "2h",
                        "url", other.url(),
                        "user", login.user(),
                        "password", login.password()));

        assertThat(said)
            .contains("Waiting for the advisory lock " + key)
            .contains("timeout 2.0 s, at most 99 tries")
            .contains("Gave up on the advisory lock " + key)
            .contains("held by pid ")
            .contains("[" + Database.HARNESS + "]")
            .doesNotContain(login.password());
        assertThat(stage.triesIn(said))
            .as("the timeout cuts the second pause short, where the default step makes some 8")
            .isLessThanOrEqualTo(3);
      }
    }
  },

  /** And that a wrong value is an error there. */
  BACKOFFS("backoff", "maxBackoff") {
    @Override
    void prove(SettingStage stage) throws Exception {
      assertThat(stage.refusal("backoff", "2m", "maxBackoff", "119s"))
          .contains(
              stage.tool().settings()
                  + "maxBackoff is '119s', but must be at least as long as backoff, which is 2 min");
    }
  },

  MIGRATION_LOCK_TIMEOUT("migrationLockTimeout") {
    @Override
    void prove(SettingStage stage) throws Exception {
      assertThat(stage.run("migrationLockTimeout", "1234ms").ok()).isTrue();
      assertThat(stage.settingOfWorkingSession("lock_timeout")).isEqualTo("1234ms");
    }
  },

  MIGRATION_STATEMENT_TIMEOUT("migrationStatementTimeout") {
    @Override
    void prove(SettingStage stage) throws Exception {
      assertThat(stage.run("migrationStatementTimeout", "12345ms").ok()).isTrue();
      assertThat(stage.settingOfWorkingSession("statement_timeout")).isEqualTo("12345ms");
    }
  },

  NATIVE_LOCK("nativeLock") {
    @Override
    void prove(SettingStage stage) throws Exception {
      assertThat(stage.run("nativeLock", "keep").ok()).isTrue();
      assertThat(stage.locksOfWorkingSession())
          .as("Flyway's own lock is on its other connection, and ours for work on this one")
          .isEqualTo(1);
    }
  },

  TABLE_LOCK("tableLock") {
    @Override
    void prove(SettingStage stage) throws Exception {
      assertThat(stage.run("tableLock", "honour").ok()).isTrue();
      assertThat(stage.hasUsedTableLock()).isTrue();
    }
  },

  FORCE_RELEASE("forceRelease") {
    @Override
    void prove(SettingStage stage) throws Exception {
      assertThat(stage.holdsAfterReleaseLocks("forceRelease", "report")).isTrue();
      assertThat(stage.holdsAfterReleaseLocks("forceRelease", "terminate")).isFalse();
    }
  };

  @SuppressWarnings("ImmutableEnumChecker") // List.of does not change
  private final List<String> settings;

  SettingProof(String... settings) {
    this.settings = List.of(settings);
  }

  abstract void prove(SettingStage stage) throws Exception;

  /** The settings that it proves. */
  List<String> settings() {
    return settings;
  }

  /** One proof for each setting. */
  static List<SettingProof> each(Tool tool) {
    return Stream.concat(
            Stream.of(
                ACTIVE,
                KEY_NAME,
                KEY_NUMBER,
                SCOPE,
                TIMEOUT,
                MAX_ATTEMPTS,
                BACKOFF,
                BACKOFF_STEP,
                MAX_BACKOFF,
                WAKE_UP,
                LEASE,
                POOLING,
                URL,
                USER,
                PASSWORD,
                MIGRATION_LOCK_TIMEOUT,
                MIGRATION_STATEMENT_TIMEOUT),
            tool == Tool.FLYWAY ? Stream.of(NATIVE_LOCK) : Stream.of(TABLE_LOCK, FORCE_RELEASE))
        .toList();
  }

  private static String withParameters(Database database, String... namesAndValues) {
    JdbcUrl url = JdbcUrl.parse(database.url());
    for (int i = 0; i < namesAndValues.length; i += 2) {
      url = url.with(namesAndValues[i], namesAndValues[i + 1]);
    }
    return url.toString();
  }

  private static <T> T whileHeldThere(Database other, Callable<T> action) throws Exception {
    return KeyHolder.whileHeld(LockKey.MIGRATION, other, action);
  }
}
