package io.github.advisorylock.it;

import java.util.Map;
import java.util.function.IntSupplier;
import javax.sql.DataSource;

/**
 * The pool of a replica that was told to use one.
 *
 * @param borrowed how many connections are out of the pool now
 * @param end closes it with all its connections
 */
record Pool(DataSource dataSource, IntSupplier borrowed, AutoCloseable end) {

  /** One of {@code pool.library}, Hikari if that is not said. */
  static Pool open(Map<String, String> instructions) throws Exception {
    String library = instructions.getOrDefault("pool.library", PoolLibrary.HIKARI.name());
    return PoolLibrary.valueOf(library).open(instructions);
  }
}
