package io.github.advisorylock.spring;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.advisorylock.LockKey;
import io.github.advisorylock.LockSettings;
import io.github.advisorylock.RetryPolicy;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.assertj.AssertableApplicationContext;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.util.TestPropertyValues;
import org.springframework.context.ApplicationContext;

/** How the settings in an application's configuration reach a tool's beans, whichever the tool. */
public abstract class BeanSettingsContract {

  /** What the settings begin with, such as {@code spring.flyway.advisory-lock.}. */
  protected final String prefix;

  private final String tool;
  private final ManualSettings manual;

  /** The settings of a tool, such as {@code flyway}. */
  protected BeanSettingsContract(String tool) {
    this.tool = tool;
    this.prefix = "spring.%s.advisory-lock.".formatted(tool);
    this.manual = ManualSettings.of(tool);
  }

  /** An application with no bean of the tool's. */
  protected abstract ApplicationContextRunner withoutBean();

  /** One with a bean of the user's own. */
  protected abstract ApplicationContextRunner withOwnBean();

  /** One with a bean of whatever origin that refuses what it does not know. */
  protected abstract ApplicationContextRunner withStrictBean();

  /** The settings of the only bean. */
  protected abstract LockSettings lock(ApplicationContext application);

  /** What the only bean was told, in a form that can be compared. */
  protected abstract Object told(ApplicationContext application);

  /** The same, if it was told these texts. */
  protected abstract Object toldOf(Map<String, String> texts) throws Exception;

  /** Checks that an application that did not start has not touched its database. */
  protected abstract void assertUntouched();

  /** The settings that there are. */
  protected abstract List<String> names();

  /** The setting that no other tool has, as in YAML. */
  protected abstract String ownSetting();

  /** What may be its value. */
  protected abstract String ownSettingAllowed();

  /** The tool's packages. */
  protected abstract String packages();

  @Test
  void shouldHaveTheDefaultsUnlessSomethingIsSet() {
    withOwnBean()
        .run(
            context -> {
              assertThat(lock(context).key()).isEqualTo(LockKey.MIGRATION);
              assertThat(lock(context).retry()).isEqualTo(RetryPolicy.DEFAULT);
            });
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "advisory-lock.max-attempts", "advisoryLock.maxAttempts", "advisory_lock.max_attempts"
      })
  void shouldTakeEachSpelling(String property) {
    withStrictBean()
        .withPropertyValues("spring.%s.%s=7".formatted(tool, property))
        .run(context -> assertThat(lock(context).retry().maxAttempts()).isEqualTo(7));
  }

  /**
   * Spring Boot's own bean may refuse the longer name here, since only the real environment, by its
   * name, may have what nobody knows.
   */
  @ParameterizedTest
  @ValueSource(strings = {"ADVISORYLOCK_MAXATTEMPTS", "ADVISORY_LOCK_MAX_ATTEMPTS"})
  void shouldTakeTheEnvironment(String variable) {
    withEnvironment(withOwnBean(), "SPRING_%S_%s=7".formatted(tool, variable))
        .run(context -> assertThat(lock(context).retry().maxAttempts()).isEqualTo(7));
  }

  private static ApplicationContextRunner withEnvironment(
      ApplicationContextRunner application, String... variables) {
    return application.withInitializer(
        context ->
            TestPropertyValues.of(variables)
                .applyTo(context.getEnvironment(), TestPropertyValues.Type.SYSTEM_ENVIRONMENT));
  }

  @Test
  void shouldTakeEachPropertyOfTheManual() throws Exception {
    Object expected = toldOf(manual.examples());

    withStrictBean()
        .withPropertyValues(manual.properties())
        .run(context -> assertThat(told(context)).isEqualTo(expected));
  }

  @Test
  void shouldTakeEachVariableOfTheManual() throws Exception {
    Object expected = toldOf(manual.examples());

    withEnvironment(withStrictBean(), manual.variables())
        .run(context -> assertThat(told(context)).isEqualTo(expected));
  }

  @Test
  void shouldFindEachSettingInTheManual() {
    assertThat(manual.examples()).containsOnlyKeys(names().toArray(String[]::new));
  }

  @ParameterizedTest
  @CsvSource({"max-attempts, few", "maxAttempts, 0"})
  void shouldReportAWrongSettingAsTheUserWroteItBeforeAnythingIsTouched(String name, String text) {
    shouldReport(name, text, "a whole number from 1 to 999999999, or unlimited");
  }

  @Test
  void shouldReportAWrongSettingThatNoOtherToolHas() {
    shouldReport(ownSetting(), "perhaps", ownSettingAllowed());
  }

  private void shouldReport(String name, String text, String allowed) {
    withStrictBean()
        .withPropertyValues(prefix + name + "=" + text)
        .run(
            context -> {
              assertThat(reported(context))
                  .startsWith(prefix + name + " (")
                  .endsWith(") is '%s', but must be %s".formatted(text, allowed));
              assertUntouched();
            });
  }

  /** Such as in YAML, where all of them are commented out. */
  @Test
  void shouldTakeAnEmptyTextForNoSettings() {
    withStrictBean()
        .withPropertyValues("spring.%s.advisory-lock=".formatted(tool))
        .run(context -> assertThat(lock(context).key()).isEqualTo(LockKey.MIGRATION));
  }

  @Test
  void shouldReportATextWhereSettingsShouldBe() {
    withStrictBean()
        .withPropertyValues("spring.%s.advisory-lock=false".formatted(tool))
        .run(
            context ->
                assertThat(reported(context))
                    .startsWith(
                        "spring.%s.advisory-lock must not have a value of its own, but settings: [active"
                            .formatted(tool)));
  }

  @Test
  void shouldReportASettingThatDoesNotExist() {
    withStrictBean()
        .withPropertyValues(prefix + "timeot=5s")
        .run(
            context ->
                assertThat(reported(context))
                    .startsWith("Unknown property %1$stimeot. Did you mean %1$stimeout? Supported after %1$s: [".formatted(prefix))
                    .contains("max-attempts", ownSetting()));
  }

  /** As an analyzer has Spring Boot say it. */
  private static String reported(AssertableApplicationContext application) {
    return new LockConfigurationFailureAnalyzer()
        .analyze(application.getStartupFailure())
        .getDescription();
  }

  /** It may push, and do so for as long as nobody closes it. */
  @Test
  void shouldNotMakeARegistryBeforeItsTime() {
    AtomicBoolean created = new AtomicBoolean();
    withStrictBean()
        .withBean(
            MeterRegistry.class,
            () -> {
              created.set(true);
              return new SimpleMeterRegistry();
            },
            definition -> definition.setLazyInit(true))
        .run(
            context -> {
              assertThat(lock(context).key()).isEqualTo(LockKey.MIGRATION);
              assertThat(created).isFalse();
            });
  }

  @Test
  void shouldStartWithoutMicrometer() {
    withStrictBean()
        .withClassLoader(new FilteredClassLoader("io.micrometer"))
        .withPropertyValues(prefix + "key=orders")
        .run(context -> assertThat(lock(context).key()).isEqualTo(LockKey.named("orders")));
  }

  @Test
  void shouldStartWithoutTheTool() {
    withoutBean()
        .withClassLoader(new FilteredClassLoader(packages()))
        .withPropertyValues(prefix + "key=orders")
        .run(
            context ->
                assertThat(context)
                    .hasNotFailed()
                    .doesNotHaveBean(tool + "AdvisoryLockBeanPostProcessor"));
  }

  /** What the application knows of a bean. */
  protected static LockedBean locked(ApplicationContext application, String bean) {
    return application.getBean(LockedBeans.class).byName().get(bean);
  }

  /** The locks that it knows of a bean. */
  protected static List<LockKey> keys(ApplicationContext application, String bean)
      throws SQLException {
    try (Connection connection = DriverManager.getConnection("jdbc:h2:mem:", "sa", "")) {
      return locked(application, bean).keys(connection);
    }
  }
}
