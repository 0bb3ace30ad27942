package io.github.advisorylock.it;

/** The core of the contracts on every supported line of Flyway. */
class FlywayCompatibilityIT extends CompatibilityContract {

  @Override
  Tool tool() {
    return Tool.FLYWAY;
  }
}
