package io.github.advisorylock.benchmarks;

import io.github.advisorylock.demo.Tool;

/** What the tools are given to do. */
enum Work {
  SMALLEST("smallest work", 60, 40) {
    @Override
    String of(Tool tool) {
      return tool.warmUpMigrations();
    }
  },

  SHOP("shop", 3, 10) {
    @Override
    String of(Tool tool) {
      return Shop.of(tool);
    }
  };

  private final String title;

  /** Of the uncontended runs: the JVMs are faster with every run, at first. */
  private final int warmUpRounds;

  private final int rounds;

  Work(String title, int warmUpRounds, int rounds) {
    this.title = title;
    this.warmUpRounds = warmUpRounds;
    this.rounds = rounds;
  }

  String title() {
    return title;
  }

  int warmUpRounds() {
    return warmUpRounds;
  }

  int rounds() {
    return rounds;
  }

  /** Where its migrations are on the class path. */
  abstract String of(Tool tool);

  String scenario(String state) {
    return title + ", " + state;
  }
}
