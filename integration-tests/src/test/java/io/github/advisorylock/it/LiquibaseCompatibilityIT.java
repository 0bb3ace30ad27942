package io.github.advisorylock.it;

/** The core of the contracts on every supported line of Liquibase. */
class LiquibaseCompatibilityIT extends CompatibilityContract {

  @Override
  Tool tool() {
    return Tool.LIQUIBASE;
  }
}
