package io.github.advisorylock.spring;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.advisorylock.LockKey;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.test.tools.SourceFile;
import org.springframework.core.test.tools.TestCompiler;
import org.springframework.test.context.TestContextManager;
import org.springframework.util.ClassUtils;

/**
 * That a test with a slice of an application migrates under the lock of the application's settings.
 * Spring Boot leaves everything out of a slice that it has not been told to take.
 */
class SlicesIT {

  @ParameterizedTest
  @CsvSource({
    "JdbcTest, jdbc, jdbc",
    "DataJdbcTest, data.jdbc, data.jdbc",
    "DataJpaTest, orm.jpa, data.jpa",
    "JooqTest, jooq, jooq"
  })
  void shouldMigrateUnderTheLockOfTheSettings(String slice, String old, String now)
      throws Exception {
    try (FreshDatabase database = new FreshDatabase()) {
      start(
          BootTypes.slice(slice, old, now),
          "spring.test.database.replace=none",
          "spring.datasource.url=" + database.url(),
          "spring.datasource.username=" + database.user(),
          "spring.datasource.password=" + database.password(),
          "spring.flyway.locations=classpath:db/slice/migration",
          "spring.flyway.baseline-on-migrate=true", // Liquibase may have been here before
          "spring.flyway.baseline-version=0",
          "spring.flyway.advisory-lock.key=orders",
          "spring.liquibase.change-log=classpath:db/slice/changelog/keys.yaml",
          "spring.liquibase.advisory-lock.key=billing");

      assertThat(database.numbers("SELECT key FROM flyway_keys"))
          .contains(LockKey.named("orders").value());
      assertThat(database.numbers("SELECT key FROM liquibase_keys"))
          .contains(LockKey.named("billing").value());
    }
  }

  /** Compiled here, since each line of Spring Boot has its annotations in other packages. */
  private static void start(Class<?> slice, String... properties) {
    SourceFile test =
        SourceFile.of(
            """
            package io.github.advisorylock.application;

            @%s
            @org.springframework.test.context.TestPropertySource(properties = {%s})
            class Slice {}
            """
                .formatted(
                    slice.getName(),
                    Stream.of(properties).map("\"%s\""::formatted).collect(joining(", "))));
    TestCompiler.forSystem()
        .withSources(test)
        .compile(
            compiled -> {
              Class<?> type =
                  ClassUtils.resolveClassName(
                      "io.github.advisorylock.application.Slice", compiled.getClassLoader());
              TestContextManager manager = new TestContextManager(type);
              ((ConfigurableApplicationContext) manager.getTestContext().getApplicationContext())
                  .close();
            });
  }
}
