package io.github.advisorylock.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.github.advisorylock.LockKey;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.annotation.ReflectiveRuntimeHintsRegistrar;
import org.springframework.aot.hint.predicate.RuntimeHintsPredicates;
import org.springframework.beans.factory.config.YamlPropertiesFactoryBean;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.convert.ApplicationConversionService;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.io.ByteArrayResource;
import org.springframework.util.ClassUtils;

/** That an application with the actuator has the endpoint and the meters, and no other has. */
class ActuatorBeansTest {

  private static final String EXPOSED = "management.endpoints.web.exposure.include=advisorylock";

  private final LockedBeans flyways = new LockedBeans("flyway");

  private final ApplicationContextRunner withoutTool =
      new ApplicationContextRunner()
          .withConfiguration(
              AutoConfigurations.of(
                  AdvisoryLockEndpointAutoConfiguration.class,
                  AdvisoryLockMetricsAutoConfiguration.class));

  private final ApplicationContextRunner application = withTools(withoutTool);

  private ApplicationContextRunner withTools(ApplicationContextRunner runner) {
    return runner
        .withInitializer(ActuatorBeansTest::convertAsApplicationsDo)
        .withBean("flyways", LockedBeans.class, () -> flyways)
        .withBean("liquibases", LockedBeans.class, () -> new LockedBeans("liquibase"));
  }

  private static void convertAsApplicationsDo(ConfigurableApplicationContext context) {
    context.getEnvironment().setConversionService(new ApplicationConversionService());
  }

  /** Spring reads what is imported without loading it: what its annotations need may be missing. */
  @ImportAutoConfiguration({
    AdvisoryLockEndpointAutoConfiguration.class,
    AdvisoryLockMetricsAutoConfiguration.class
  })
  private static final class Importing {}

  @Test
  void shouldHaveTheEndpointWhereItIsExposed() {
    application
        .withPropertyValues(EXPOSED)
        .run(context -> assertThat(context).hasSingleBean(AdvisoryLockEndpoint.class));
  }

  @Test
  void shouldHaveTheEndpointWhereItIsExposedAsTheManualSays() throws IOException {
    application
        .withPropertyValues(propertiesInTheManual())
        .run(context -> assertThat(context).hasSingleBean(AdvisoryLockEndpoint.class));
  }

  private static String[] propertiesInTheManual() throws IOException {
    String page = Files.readString(Path.of("..", "..", "docs", "operations.md"));
    Matcher block = Pattern.compile("(?s)```yaml\n(management:.*?)```").matcher(page);
    assertThat(block.find()).isTrue();
    YamlPropertiesFactoryBean yaml = new YamlPropertiesFactoryBean();
    yaml.setResources(new ByteArrayResource(block.group(1).getBytes(StandardCharsets.UTF_8)));
    return yaml.getObject().entrySet().stream().map(Object::toString).toArray(String[]::new);
  }

  /** As Spring does it for each bean when it prepares an application for a native image. */
  @ParameterizedTest
  @ValueSource(
      classes = {
        LockReport.class, LockReport.Bean.class, LockReport.Lock.class, LockReport.Session.class
      })
  void shouldTellNativeImageWhatAnAnswerIsMadeOf(Class<?> part) {
    RuntimeHints hints = new RuntimeHints();

    new ReflectiveRuntimeHintsRegistrar().registerRuntimeHints(hints, AdvisoryLockEndpoint.class);

    assertThat(RuntimeHintsPredicates.reflection().onType(part)).accepts(hints);
  }

  @Test
  void shouldNotHaveTheEndpointUnlessItIsExposed() {
    application.run(context -> assertThat(context).doesNotHaveBean(AdvisoryLockEndpoint.class));
  }

  @Test
  void shouldNotHaveTheEndpointWhereItIsSwitchedOff() {
    application
        .withPropertyValues(EXPOSED, "management.endpoint.advisorylock.access=none")
        .run(context -> assertThat(context).doesNotHaveBean(AdvisoryLockEndpoint.class));
  }

  @Test
  void shouldHaveNothingWithoutATool() {
    withoutTool
        .withPropertyValues(EXPOSED)
        .run(
            context ->
                assertThat(context)
                    .doesNotHaveBean(AdvisoryLockEndpoint.class)
                    .doesNotHaveBean(MeterBinder.class));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "org.springframework.boot.actuate",
        "org.springframework.boot.actuate.autoconfigure"
      })
  void shouldStartWithoutTheActuatorOrItsAutoConfiguration(String hidden) {
    withTools(new ApplicationContextRunner())
        .withUserConfiguration(Importing.class)
        .withClassLoader(new FilteredClassLoader(hidden))
        .withPropertyValues(EXPOSED)
        .run(
            context ->
                assertThat(context).hasNotFailed().doesNotHaveBean("advisoryLockEndpoint"));
  }

  @Test
  void shouldStartWithoutMicrometer() {
    application
        .withClassLoader(new FilteredClassLoader("io.micrometer"))
        .run(
            context -> assertThat(context).hasNotFailed().doesNotHaveBean("advisoryLockMetrics"));
  }

  @Test
  void shouldBindTheMetersOfEachTool() {
    SimpleMeterRegistry registry = new SimpleMeterRegistry();

    application.run(context -> context.getBean(MeterBinder.class).bindTo(registry));

    for (String tool : List.of("flyway", "liquibase")) {
      assertThat(registry.find("advisory.lock.active").tag("tool", tool).gauge()).isNotNull();
      assertThat(registry.find("advisory.lock.wait").tag("tool", tool).meters()).isNotEmpty();
      assertThat(registry.find("advisory.lock.held").tag("tool", tool).meters()).isNotEmpty();
    }
  }

  @Test
  void shouldSayOfAnotherKindOfDatabaseThatItHasNoSuchLocks() {
    flyways.add("flyway", new InMemory());

    application
        .withPropertyValues(EXPOSED)
        .run(
            context ->
                assertThat(context.getBean(AdvisoryLockEndpoint.class).locks().beans())
                    .hasEntrySatisfying(
                        "flyway",
                        bean -> {
                          assertThat(bean.error()).endsWith("the server is not PostgreSQL");
                          assertThat(bean.locks()).isNull();
                        }));
  }

  private static final class InMemory implements LockedBean {
    @Override
    public boolean isLocked() {
      return true;
    }

    @Override
    public Connection connect() throws SQLException {
      return DriverManager.getConnection("jdbc:h2:mem:", "sa", "");
    }

    @Override
    public List<LockKey> keys(Connection connection) {
      return List.of(LockKey.MIGRATION);
    }
  }

  @Test
  void shouldTellAnIdeOfTheEndpointsProperties() {
    String properties = "management.endpoint.advisorylock.";
    Endpoint endpoint = AdvisoryLockEndpoint.class.getAnnotation(Endpoint.class);

    List<Map<String, Object>> metadata =
        ConfigurationMetadata.ofJarWith(AdvisoryLockEndpoint.class).properties();

    assertThat(metadata)
        .extracting(property -> property.get("name"), property -> property.get("defaultValue"))
        .containsExactly(
            tuple(
                properties + "access", endpoint.defaultAccess().name().toLowerCase(Locale.ROOT)),
            tuple(properties + "cache.time-to-live", "0ms"));
    assertThat(metadata)
        .allSatisfy(
            property -> {
              assertThat(ClassUtils.isPresent((String) property.get("type"), null)).isTrue();
              assertThat((String) property.get("description"))
                  .contains(endpoint.id())
                  .endsWith(".");
            });
  }
}
