package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNoException;

import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMethodCall;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import io.github.advisorylock.LockListener;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.flywaydb.core.api.callback.Callback;
import org.flywaydb.core.extensibility.ConfigurationExtension;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import tools.jackson.databind.JsonNode;

/**
 * What the published jars tell GraalVM's native-image of what is reached by name: in the form that
 * it is to have, of things that exist, and without gaps.
 */
class NativeImageMetadataTest {

  /** What the versions 1.0 to 1.2 of GraalVM's own schema have in common, and we need of it. */
  private static final String SCHEMA = "/reachability-metadata.schema.json";

  private static final NativeImageMetadata CORE = NativeImageMetadata.of("common-lock");
  private static final NativeImageMetadata FLYWAY = NativeImageMetadata.of(Tool.FLYWAY.adapter());

  static final List<String> ARTIFACTS =
      List.of("common-lock", Tool.FLYWAY.adapter(), Tool.LIQUIBASE.adapter());

  /** Further calls by which something can be reached that no code mentions. */
  private static final Map<String, Set<String>> LOOK_UPS =
      Map.of(
          "java.lang.Class",
          Set.of("getRecordComponents", "getResource", "getResourceAsStream"),
          "java.lang.ClassLoader",
          Set.of("getResource", "getResourceAsStream", "getResources", "loadClass"),
          "java.util.ServiceLoader",
          Set.of("load", "loadInstalled"),
          "java.util.ResourceBundle",
          Set.of("getBundle"),
          "java.lang.reflect.Proxy",
          Set.of("newProxyInstance"),
          "java.lang.invoke.MethodHandles",
          Set.of("lookup", "publicLookup", "privateLookupIn"));

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .withImportOption(location -> !location.contains("/integration-tests/"))
          .withImportOption(location -> !location.contains("/testoutput/"))
          .importPackages(NativeImageMetadata.GROUP);

  private static Class<?> load(String type) throws ClassNotFoundException {
    return Class.forName(type, false, NativeImageMetadataTest.class.getClassLoader());
  }

  private static Stream<Class<?>> concrete(Class<?> ofKind) {
    return CLASSES.stream()
        .filter(type -> type.isAssignableTo(ofKind))
        .filter(type -> !type.getModifiers().contains(JavaModifier.ABSTRACT))
        .map(JavaClass::reflect);
  }

  @ParameterizedTest
  @FieldSource("ARTIFACTS")
  void shouldBeAsTheSchemaSays(String artifact) {
    Schema schema =
        SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2019_09)
            .getSchema(NativeImageMetadataTest.class.getResourceAsStream(SCHEMA));

    assertThat(schema.validate(NativeImageMetadata.of(artifact).tree())).isEmpty();
  }

  @ParameterizedTest
  @FieldSource("ARTIFACTS")
  void shouldNameWhatThereIs(String artifact) throws ReflectiveOperationException {
    NativeImageMetadata metadata = NativeImageMetadata.of(artifact);
    for (JsonNode entry : metadata.types().values()) {
      Class<?> type = load(entry.path("type").asString());
      for (JsonNode method : entry.path("methods")) {
        assertThat(method.path("name").asString()).isEqualTo("<init>");
        assertThat(method.path("parameterTypes").isEmpty()).isTrue();
        assertThatNoException().isThrownBy(() -> type.getDeclaredConstructor());
      }
    }
    for (JsonNode condition : metadata.tree().findValues("condition")) {
      assertThat(load(condition.path("typeReached").asString()).getPackageName())
          .startsWith(NativeImageMetadata.GROUP);
    }
  }

  @ParameterizedTest
  @FieldSource("ARTIFACTS")
  void shouldListEachService(String artifact) {
    NativeImageMetadata metadata = NativeImageMetadata.of(artifact);
    Map<String, List<String>> services = ServiceFiles.of(artifact);

    assertThat(services.values().stream().flatMap(List::stream))
        .allMatch(metadata::canBeMade, "has its constructor listed");
    assertThat(metadata.resources())
        .filteredOn(file -> !file.equals(ServiceFiles.FOLDER + LockListener.class.getName()))
        .containsExactlyInAnyOrderElementsOf(
            services.keySet().stream().map(service -> ServiceFiles.FOLDER + service).toList());
  }

  /** The one that others provide. */
  @Test
  void shouldListTheServiceThatApplicationsHave() {
    assertThat(CORE.resources())
        .containsExactly(ServiceFiles.FOLDER + LockListener.class.getName());
    assertThat(CORE.types()).containsKey(LockListener.class.getName());
  }

  @Test
  void shouldListEachCallbackSinceFlywayMayMakeItByName() {
    assertThat(concrete(Callback.class))
        .hasSizeGreaterThan(4)
        .allMatch(type -> FLYWAY.canBeMade(type.getName()), "listed");
  }

  /** Flyway reads and copies them by their fields, their getters and setters, or by Jackson. */
  @Test
  void shouldOpenTheSettingsToFlyway() {
    assertThat(concrete(ConfigurationExtension.class))
        .isNotEmpty()
        .allMatch(type -> type.getSuperclass() == Object.class, "has nothing to inherit")
        .allMatch(type -> FLYWAY.opens(type.getName(), "Fields"), "has its fields listed")
        .allMatch(type -> FLYWAY.opens(type.getName(), "Methods"), "has its methods listed")
        .allMatch(type -> FLYWAY.opens(type.getName(), "Constructors"), "has its constructors");
  }

  /** A new one belongs into the metadata, and then here. */
  @Test
  void shouldKnowEachLookUpByName() {
    assertThat(
            CLASSES.stream()
                .flatMap(type -> type.getMethodCallsFromSelf().stream())
                .filter(NativeImageMetadataTest::isLookUp)
                .map(NativeImageMetadataTest::describe))
        .containsExactlyInAnyOrder(
            "ConnectionSettings.pgjdbc: Class.forName",
            "ConnectionSettings.pgjdbc: Class.getDeclaredConstructor",
            "LockListeners.addServices: ServiceLoader.load",
            "LockListeners.hasOurInterface: Class.forName",
            "LockListeners.isMicrometerThere: Class.forName",
            "AdvisoryLockProvider.isVisibleTo: Class.forName");
    assertThat(CORE.types())
        .containsOnlyKeys(
            "org.postgresql.Driver",
            "io.micrometer.core.instrument.Metrics",
            LockListener.class.getName());
    assertThat(CORE.canBeMade("org.postgresql.Driver")).isTrue();
  }

  private static boolean isLookUp(JavaMethodCall call) {
    String owner = call.getTargetOwner().getName();
    return Stream.of(ReflectionWatch.LOOK_UPS, LOOK_UPS)
        .anyMatch(all -> all.getOrDefault(owner, Set.of()).contains(call.getTarget().getName()));
  }

  private static String describe(JavaMethodCall call) {
    return "%s.%s: %s.%s"
        .formatted(
            call.getOriginOwner().getSimpleName(),
            call.getOrigin().getName(),
            call.getTargetOwner().getSimpleName(),
            call.getTarget().getName());
  }

  /** GraalVM for JDK 17 and 21 know only that one. */
  @ParameterizedTest
  @FieldSource("ARTIFACTS")
  void shouldSayTheSameInTheOlderForm(String artifact) {
    JsonNode metadata = NativeImageMetadata.of(artifact).tree();

    assertThat(NativeImageMetadata.read(artifact, "reflect-config.json"))
        .isEqualTo(
            NativeImageMetadata.JSON.valueToTree(
                metadata
                    .path("reflection")
                    .valueStream()
                    .map(entry -> inOlderForm(entry, "type", "name", "%s"))
                    .toList()));
    assertThat(NativeImageMetadata.read(artifact, "resource-config.json"))
        .isEqualTo(
            NativeImageMetadata.JSON.valueToTree(
                Map.of(
                    "resources",
                    Map.of(
                        "includes",
                        metadata
                            .path("resources")
                            .valueStream()
                            .map(entry -> inOlderForm(entry, "glob", "pattern", "\\Q%s\\E"))
                            .toList()),
                    "bundles",
                    List.of())));
  }

  private static Map<String, Object> inOlderForm(
      JsonNode entry, String name, String olderName, String form) {
    Map<String, Object> older = new LinkedHashMap<>();
    entry
        .properties()
        .forEach(
            property -> {
              if (property.getKey().equals(name)) {
                String text = property.getValue().asString();
                older.put(olderName, form.formatted(text));
              } else if (property.getKey().equals("condition")) {
                older.put(
                    "condition",
                    Map.of("typeReachable", property.getValue().path("typeReached").asString()));
              } else {
                older.put(property.getKey(), property.getValue());
              }
            });
    return older;
  }
}
