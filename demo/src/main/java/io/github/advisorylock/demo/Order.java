package io.github.advisorylock.demo;

import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;

/**
 * What a replica is told to do.
 *
 * @param start the moment to start: one for all replicas, which makes it the barrier
 * @param url the database
 * @param migrations where they are on the class path
 */
record Order(Instant start, String url, List<String> migrations) {

  private static final String SEPARATOR = "\t";

  static Order parse(String line) {
    List<String> parts = List.of(line.split(SEPARATOR, -1));
    return new Order(Instant.parse(parts.get(0)), parts.get(1), parts.subList(2, parts.size()));
  }

  String line() {
    return String.join(
        SEPARATOR, Stream.concat(Stream.of(start.toString(), url), migrations.stream()).toList());
  }
}
