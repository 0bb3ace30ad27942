package io.github.advisorylock.benchmarks;

import io.github.advisorylock.demo.Tool;
import java.util.function.BiConsumer;

/**
 * One replica of a service, within a class loader of its own. A JDK type is all that it shares with
 * the one that calls it.
 */
public final class Replica implements BiConsumer<String, String[]> {

  private final Tool.Migrator migrator;

  /**
   * A replica that has not started yet.
   *
   * @param tool the name of the tool it migrates with
   */
  public Replica(String tool) {
    this.migrator = Tool.valueOf(tool).migrator();
  }

  @Override
  public void accept(String url, String[] migrations) {
    try {
      migrator.migrate(url, migrations);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }
}
