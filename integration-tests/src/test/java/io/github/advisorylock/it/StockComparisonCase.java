package io.github.advisorylock.it;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One row of the table of the stock comparison: a program that uses a tool, run once with and once
 * without the lock's jars, each time on a new database that looks the same.
 */
final class StockComparisonCase {
  private final String name;
  private final List<String> setUp = new ArrayList<>();
  private final Map<String, String> files = new LinkedHashMap<>();
  private final List<StockComparisonDifference> differences = new ArrayList<>();
  private Program preparation;
  private Program program;
  private int jdk;

  /** What uses the tool; runs in a JVM that has no test library and not the other tool. */
  interface Program {
    void run(StockComparisonStage stage) throws Exception;
  }

  private StockComparisonCase(String name) {
    this.name = name;
  }

  /** A row whose name says what the program does, and on which database. */
  static StockComparisonCase of(String name) {
    return new StockComparisonCase(name);
  }

  /** Statements that an administrator has executed in the database before. */
  StockComparisonCase setUp(String... sql) {
    setUp.addAll(List.of(sql));
    return this;
  }

  /** A file of the migrations; its name is relative to {@link StockComparisonStage#folder()}. */
  StockComparisonCase file(String file, String content) {
    files.put(file, content);
    return this;
  }

  /** What has run before, always with the stock tool. */
  StockComparisonCase after(Program before) {
    preparation = before;
    return this;
  }

  StockComparisonCase run(Program compared) {
    program = compared;
    return this;
  }

  /** The release of the JDK that the program needs; skipped where there is none. */
  StockComparisonCase onJdk(int release) {
    jdk = release;
    return this;
  }

  /**
   * Declares that runs differ on purpose.
   *
   * @param lines matches whole lines of that aspect, after {@code +} or {@code -}, that only the
   *     run with the jars has, or lacks; see {@link StockComparisonDifference}
   */
  StockComparisonCase differs(StockComparisonAspect aspect, String lines, String reason) {
    return differs(new StockComparisonDifference(aspect, lines, reason));
  }

  StockComparisonCase differs(StockComparisonDifference... declared) {
    differences.addAll(List.of(declared));
    return this;
  }

  /** Lets the whole row differ for as long as a fault is known and not fixed. */
  StockComparisonCase knownFault(String fault) {
    for (StockComparisonAspect aspect : StockComparisonAspect.values()) {
      differences.add(StockComparisonDifference.untilFixed(aspect, "[-+] .*", fault));
    }
    return this;
  }

  String name() {
    return name;
  }

  List<String> setUp() {
    return setUp;
  }

  Map<String, String> files() {
    return files;
  }

  /** Null if nothing has to run before. */
  Program preparation() {
    return preparation;
  }

  Program program() {
    return program;
  }

  /** 0 for that of the tests. */
  int jdk() {
    return jdk;
  }

  List<StockComparisonDifference> differences() {
    return differences;
  }

  @Override
  public String toString() {
    return name;
  }
}
