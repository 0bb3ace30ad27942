package io.github.advisorylock.benchmarks;

/** One question that is put to all contenders. */
interface Benchmark {

  /** Its name in {@code -Dbenchmarks=…}. */
  String name();

  /** Has the contenders take turns, so that whatever the machine does meanwhile hits all alike. */
  void measure(Lab lab, Samples samples) throws Exception;

  /** What was found. */
  Chapter chapter(Samples samples, Effort effort);
}
