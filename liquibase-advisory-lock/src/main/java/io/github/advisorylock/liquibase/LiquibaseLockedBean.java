package io.github.advisorylock.liquibase;

import io.github.advisorylock.ApplicationSetting;
import io.github.advisorylock.Endpoint;
import io.github.advisorylock.LockKey;
import io.github.advisorylock.LockScope;
import io.github.advisorylock.LockSettings;
import io.github.advisorylock.spring.LockedBean;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;
import javax.sql.DataSource;
import liquibase.database.core.PostgresDatabase;
import liquibase.integration.spring.MultiTenantSpringLiquibase;
import liquibase.integration.spring.SpringLiquibase;
import org.jspecify.annotations.Nullable;

/** The lock of a bean of Liquibase's, or the locks of its tenants. */
final class LiquibaseLockedBean implements LockedBean {

  /** Tenants call the schema of the connection so. */
  private static final String DEFAULT = "default";

  private final Supplier<@Nullable DataSource> dataSource;
  private final Supplier<Stream<@Nullable String>> schemas;
  private final Map<String, ApplicationSetting> application;
  private @Nullable Locks locks;

  private LiquibaseLockedBean(
      Supplier<@Nullable DataSource> dataSource,
      Supplier<Stream<@Nullable String>> schemas,
      Map<String, ApplicationSetting> application) {
    this.dataSource = dataSource;
    this.schemas = schemas;
    this.application = application;
  }

  /**
   * The lock of a bean.
   *
   * @param application what the application says
   */
  static LockedBean of(SpringLiquibase bean, Map<String, ApplicationSetting> application) {
    return new LiquibaseLockedBean(
        bean::getDataSource, () -> Stream.of(bean.getDefaultSchema()), application);
  }

  /** The locks of the tenants that have a schema each. */
  static LockedBean of(
      MultiTenantSpringLiquibase bean, Map<String, ApplicationSetting> application) {
    return new LiquibaseLockedBean(bean::getDataSource, () -> schemasOf(bean), application);
  }

  private static Stream<@Nullable String> schemasOf(MultiTenantSpringLiquibase bean) {
    List<String> schemas = bean.getSchemas();
    return schemas == null || schemas.isEmpty()
        ? Stream.of(bean.getDefaultSchema())
        : schemas.stream().map(schema -> DEFAULT.equals(schema) ? null : schema);
  }

  @Override
  public boolean isLocked() {
    return locks().settings().isPresent();
  }

  @Override
  public Connection connect() throws SQLException {
    DataSource found = dataSource.get();
    if (found == null) {
      throw new SQLException("The bean has no data source of its own, such as for tenants in JNDI");
    }
    return found.getConnection();
  }

  @Override
  public List<LockKey> keys(Connection connection) throws SQLException {
    Locks found = locks();
    if (found.settings().isEmpty()) {
      return List.of();
    }
    LockSettings lock = found.settings().get().lock();
    String current = lock.scope() == LockScope.SCHEMA ? Endpoint.currentSchema(connection) : "";
    return found.schemas().stream()
        .map(schema -> lock.keyFor(() -> schema.orElse(current)))
        .distinct()
        .toList();
  }

  /**
   * What only Liquibase knows.
   *
   * @param settings empty if the lock is not active
   * @param schemas the default schemas of the bean's runs; empty for that of the connection
   */
  private record Locks(Optional<LiquibaseSettings> settings, List<Optional<String>> schemas) {}

  /** Asked once, since Liquibase may set all of itself up for each thread that asks. */
  private synchronized Locks locks() {
    Locks known = locks;
    if (known == null) {
      known =
          new Locks(
              LiquibaseSettings.of(application),
              schemas.get().map(LiquibaseLockedBean::asLiquibaseNamesIt).toList());
      locks = known;
    }
    return known;
  }

  /** In lower case, unless there is a reason against that. */
  private static Optional<String> asLiquibaseNamesIt(@Nullable String schema) {
    if (schema == null || schema.isBlank()) {
      return Optional.empty();
    }
    PostgresDatabase database = new PostgresDatabase();
    database.setDefaultSchemaName(schema);
    return Optional.ofNullable(database.getDefaultSchemaName());
  }
}
