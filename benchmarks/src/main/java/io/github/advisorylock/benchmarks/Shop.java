package io.github.advisorylock.benchmarks;

import io.github.advisorylock.demo.Tool;

/** The migrations of the demo's service: four, and what it does after them in every run. */
final class Shop {

  private Shop() {}

  /** Where they are on the class path. */
  static String of(Tool tool) {
    return tool == Tool.FLYWAY ? "flyway/shop" : "liquibase/shop.sql";
  }
}
