package io.github.advisorylock.it;

import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaCall;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** The rules of the house that concern more than one module. */
class HouseRulesTest {

  private static final String CORE = "io.github.advisorylock";
  private static final String FLYWAY = CORE + ".flyway..";
  private static final String LIQUIBASE = CORE + ".liquibase..";

  /** What only an application of Spring Boot loads. */
  private static final String FOR_SPRING =
      "io\\.github\\.advisorylock\\.(spring\\..*|\\w+\\.\\w+(AutoConfiguration|BeanPostProcessor|BindHandler|LockedBean(\\$\\w+)?))";

  private static final DescribedPredicate<JavaCall<?>> SLEEP =
      target(nameMatching("sleep|wait|park\\w*"))
          .and(target(owner(nameMatching("java\\.(lang|util\\.concurrent)\\..*"))))
          .as("a sleep");

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .withImportOption(location -> !location.contains("/integration-tests/"))
          .withImportOption(location -> !location.contains("/testoutput/"))
          .importPackages(CORE);

  @Test
  void shouldKeepAdaptersApart() {
    noClasses()
        .that()
        .resideInAPackage(FLYWAY)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(LIQUIBASE, "liquibase..")
        .check(CLASSES);
    noClasses()
        .that()
        .resideInAPackage(LIQUIBASE)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(FLYWAY, "org.flywaydb..")
        .check(CLASSES);
  }

  @Test
  void shouldKeepTheCoreFreeOfTools() {
    noClasses()
        .that()
        .resideInAPackage(CORE)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(FLYWAY, LIQUIBASE, "org.flywaydb..", "liquibase..")
        .check(CLASSES);
  }

  @Test
  void shouldBeCompleteWithoutSpring() {
    noClasses()
        .that()
        .haveNameNotMatching(FOR_SPRING)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("org.springframework..", "liquibase.integration.spring..")
        .orShould()
        .dependOnClassesThat()
        .haveNameMatching(FOR_SPRING)
        .check(CLASSES);
  }

  @Test
  void shouldLeaveSqlToTheCore() {
    noClasses()
        .that()
        .resideInAnyPackage(FLYWAY, LIQUIBASE)
        .should()
        .dependOnClassesThat()
        .haveFullyQualifiedName(java.sql.Statement.class.getName())
        .orShould()
        .dependOnClassesThat()
        .haveFullyQualifiedName(java.sql.PreparedStatement.class.getName())
        .check(CLASSES);
  }

  @Test
  void shouldLogThroughTheToolsOnly() {
    noClasses()
        .that()
        .resideInAPackage(CORE + "..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("org.slf4j..", "java.util.logging..", "org.apache..")
        .check(CLASSES);
  }

  @Test
  void shouldLeaveSleepingToTheCore() {
    noClasses().that().resideOutsideOfPackage(CORE).should().callMethodWhere(SLEEP).check(CLASSES);
  }

  /** A test observes a state; how often it looks is known in one place. */
  @Test
  void shouldSleepInOnePlaceOfTheTests() {
    noClasses()
        .that()
        .doNotBelongToAnyOf(Await.class)
        .should()
        .callMethodWhere(SLEEP)
        .check(new ClassFileImporter().importPackagesOf(Await.class));
  }
}
