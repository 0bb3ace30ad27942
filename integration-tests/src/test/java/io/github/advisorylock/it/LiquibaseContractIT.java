package io.github.advisorylock.it;

/** The contract with Liquibase. */
class LiquibaseContractIT extends MigrationLockContract {

  @Override
  Tool tool() {
    return Tool.LIQUIBASE;
  }
}
