package io.github.advisorylock.it;

import java.util.stream.IntStream;
import org.flywaydb.core.api.MigrationVersion;
import org.flywaydb.core.api.migration.Context;
import org.flywaydb.core.api.migration.JavaMigration;

/** {@link ChaosWork} as Flyway knows it. */
record ChaosMigration(MigrationVersion version) implements JavaMigration {

  static JavaMigration[] all() {
    return IntStream.rangeClosed(1, ChaosWork.MIGRATIONS)
        .mapToObj(number -> new ChaosMigration(MigrationVersion.fromVersion("" + number)))
        .toArray(JavaMigration[]::new);
  }

  @Override
  public MigrationVersion getVersion() {
    return version;
  }

  @Override
  public String getDescription() {
    return "chaos";
  }

  @Override
  public Integer getChecksum() {
    return 1;
  }

  @Override
  public boolean canExecuteInTransaction() {
    return ChaosWork.isTransactional();
  }

  @Override
  public void migrate(Context context) throws Exception {
    ChaosWork.run(version.getVersion(), context.getConnection());
  }
}
