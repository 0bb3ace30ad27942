package io.github.advisorylock.benchmarks;

import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import io.github.advisorylock.demo.Pause;

/** The rules of the house for what is shown and measured, the demo and the benchmarks. */
@AnalyzeClasses(
    packagesOf = {Pause.class, Benchmark.class},
    importOptions = DoNotIncludeTests.class)
class HouseRulesTest {

  @ArchTest
  static final ArchRule shouldSleepInOnePlace =
      noClasses()
          .that()
          .doNotBelongToAnyOf(Pause.class)
          .should()
          .callMethodWhere(
              target(nameMatching("sleep|wait|park\\w*"))
                  .and(target(owner(nameMatching("java\\.(lang|util\\.concurrent)\\..*"))))
                  .as("a sleep"));
}
