package io.github.advisorylock;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongToAnyOf;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The rules of the house that a compiler does not keep. */
@AnalyzeClasses(
    packages = "io.github.advisorylock",
    importOptions = {DoNotIncludeTests.class, HouseRulesTest.WithoutTestOutput.class})
class HouseRulesTest {

  /**
   * Without the listener that shows the output of failed tests, which is a library of the tests.
   */
  static final class WithoutTestOutput implements ImportOption {
    @Override
    public boolean includes(Location location) {
      return !location.contains("/testoutput/");
    }
  }

  private static final String SPRING = "io.github.advisorylock.spring";
  private static final String EVENTS = ".*\\.FlightEvents|.*\\.(Waiting|Held|Lost)Event";

  @ArchTest
  static final ArchRule shouldSendSqlFromOnePlace =
      noClasses()
          .that(doNotBelongTo(LockSql.class))
          .should()
          .dependOnClassesThat()
          .haveNameMatching("java\\.sql\\.(\\w*Statement|ResultSet\\w*)");

  @ArchTest
  static final ArchRule shouldSleepAndReadTheClockInOnePlace =
      noClasses()
          .that(doNotBelongTo(Timing.class))
          .should()
          .accessTargetWhere(isClockSleepOrChance());

  @ArchTest
  static final ArchRule shouldHaveNothingStaticAndMutable =
      fields()
          .that()
          .areStatic()
          .should()
          .beFinal()
          .andShould()
          .notHaveRawType(
              nameMatching(
                  "java\\.util\\.concurrent\\..*|.*\\[|java\\.lang\\.ThreadLocal"
                      + "|java\\.util\\.\\w*(List|Queue|Deque)|java\\.util\\.(Hash|Tree|Linked)\\w*"));

  @ArchTest
  static final ArchRule shouldCloseClassesToExtension =
      classes()
          .that()
          .areTopLevelClasses()
          .or()
          .areMemberClasses()
          .should()
          .haveModifier(JavaModifier.FINAL)
          .orShould()
          .haveModifier(JavaModifier.ABSTRACT);

  @ArchTest
  static final ArchRule shouldKnowNeitherToolNorFramework =
      classes()
          .that()
          .resideOutsideOfPackage(SPRING)
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage(
              "io.github.advisorylock",
              "java.lang..",
              "java.io",
              "java.net",
              "java.nio..",
              "java.security",
              "java.sql",
              "java.time..",
              "java.util",
              "java.util.concurrent..",
              "java.util.function",
              "java.util.regex",
              "java.util.stream",
              "jdk.jfr",
              "io.micrometer.core.instrument",
              "io.micrometer.core.instrument.binder",
              "io.micrometer.core.instrument.composite",
              "io.micrometer.core.instrument.search",
              "org.jspecify.annotations",
              "org.postgresql");

  @ArchTest
  static final ArchRule shouldKnowOnlySpringAndTheLockInThePlaceForSpring =
      classes()
          .that()
          .resideInAPackage(SPRING)
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage(
              "io.github.advisorylock..",
              "java..",
              "org.jspecify.annotations",
              "org.springframework..");

  @ArchTest
  static final ArchRule shouldReachPgjdbcThroughUnwrapAlone =
      noClasses()
          .should()
          .dependOnClassesThat(
              DescribedPredicate.describe(
                  "belong to pgjdbc but its public interfaces",
                  type ->
                      type.getPackageName().startsWith("org.postgresql")
                          && !type.getName().matches("org.postgresql.PG[A-Z]\\w+")));

  @ArchTest
  static final ArchRule shouldLoadMicrometerBehindOneDoor =
      noClasses()
          .that(doNotBelongTo(LockMeters.class))
          .and(doNotBelongTo(AdvisoryLockMetrics.class))
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.micrometer..");

  @ArchTest
  static final ArchRule shouldLoadFlightEventsBehindOneDoor =
      noClasses()
          .that(doNotBelongTo(FlightRecording.class))
          .and()
          .haveNameNotMatching(EVENTS)
          .should()
          .dependOnClassesThat()
          .haveNameMatching("jdk\\.jfr\\..*|" + EVENTS);

  @ArchTest
  static final ArchRule shouldHaveNoCycles =
      slices().matching("io.github.(**)").should().beFreeOfCycles();

  private static DescribedPredicate<JavaClass> doNotBelongTo(Class<?> type) {
    return DescribedPredicate.not(belongToAnyOf(type));
  }

  private static DescribedPredicate<JavaAccess<?>> isClockSleepOrChance() {
    return DescribedPredicate.describe(
        "is the clock, a sleep or chance",
        access -> {
          String owner = access.getTargetOwner().getName();
          String name = access.getTarget().getName();
          return switch (owner) {
            case "java.lang.System" -> name.equals("nanoTime") || name.equals("currentTimeMillis");
            case "java.lang.Thread" -> name.equals("sleep") || name.equals("onSpinWait");
            case "java.lang.Object" -> name.equals("wait");
            case "java.util.concurrent.TimeUnit" -> name.equals("sleep");
            case "java.lang.Math" -> name.equals("random");
            case "java.util.Date" -> name.equals("<init>");
            case "java.util.Random",
                "java.util.concurrent.ThreadLocalRandom",
                "java.util.concurrent.locks.LockSupport",
                "java.time.Clock" ->
                true;
            default -> owner.startsWith("java.time.") && name.equals("now");
          };
        });
  }
}
