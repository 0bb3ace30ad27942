package io.github.advisorylock.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;

/**
 * The CPU time of server processes so far. Read from {@code /proc/<pid>/schedstat}, which counts
 * nanoseconds: a waiter uses less in ten seconds than the ticks of {@code /proc/<pid>/stat}.
 *
 * @param nanoseconds of all together; NaN where there is no such file
 */
record BackendCpu(double nanoseconds) {

  private static final double NANOS_PER_MICRO = 1000;

  static BackendCpu of(Collection<Long> pids) {
    return new BackendCpu(pids.stream().mapToDouble(BackendCpu::nanosecondsOf).sum());
  }

  private static double nanosecondsOf(long pid) {
    try {
      String[] fields =
          Files.readString(Path.of("/proc", Long.toString(pid), "schedstat")).split(" ", -1);
      return Double.parseDouble(fields[0]);
    } catch (IOException e) {
      return Double.NaN;
    }
  }

  double microsecondsSince(BackendCpu before) {
    return (nanoseconds - before.nanoseconds) / NANOS_PER_MICRO;
  }
}
