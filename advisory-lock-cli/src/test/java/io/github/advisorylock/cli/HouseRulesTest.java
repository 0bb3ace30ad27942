package io.github.advisorylock.cli;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The rules of the house that a compiler does not keep. */
@AnalyzeClasses(packages = "io.github.advisorylock.cli", importOptions = DoNotIncludeTests.class)
class HouseRulesTest {

  @ArchTest
  static final ArchRule shouldLeaveSqlToTheCore =
      noClasses()
          .should()
          .dependOnClassesThat()
          .haveNameMatching("java\\.sql\\.(\\w*Statement|ResultSet\\w*)");

  @ArchTest
  static final ArchRule shouldLeaveWaitingToTheCore =
      noClasses().should().callMethod(Thread.class, "sleep", long.class);

  @ArchTest
  static final ArchRule shouldKnowNeitherMigrationTool =
      classes()
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage(
              "io.github.advisorylock",
              "io.github.advisorylock.cli",
              "com.google.gson",
              "java..",
              "org.jspecify.annotations",
              "picocli");
}
