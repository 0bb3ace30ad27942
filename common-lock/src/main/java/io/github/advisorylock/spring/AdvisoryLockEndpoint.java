package io.github.advisorylock.spring;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;

/**
 * {@code /actuator/advisorylock}: who holds the locks under which this application migrates, who
 * works under them and who waits for them, now.
 */
@Endpoint(id = "advisorylock")
final class AdvisoryLockEndpoint {

  private static final Duration LONGEST_LOOK = Duration.ofSeconds(5);

  private final List<LockedBeans> tools;
  private final Duration longestLook;
  private final ConcurrentMap<String, LockLook> looks = new ConcurrentHashMap<>();

  AdvisoryLockEndpoint(List<LockedBeans> tools) {
    this(tools, LONGEST_LOOK);
  }

  AdvisoryLockEndpoint(List<LockedBeans> tools, Duration longestLook) {
    this.tools = List.copyOf(tools);
    this.longestLook = longestLook;
  }

  /** All are looked at side by side, so that this takes no longer than one look may. */
  @ReadOperation
  LockReport locks() {
    Map<String, CompletableFuture<Optional<LockReport.Bean>>> begun = new TreeMap<>();
    for (LockedBeans beans : tools) {
      beans.byName().forEach((name, bean) -> begun.put(name, at(beans.tool(), name, bean).begin()));
    }
    Map<String, LockReport.Bean> seen = new TreeMap<>();
    begun.forEach((name, look) -> look.join().ifPresent(bean -> seen.put(name, bean)));
    return new LockReport(seen);
  }

  private LockLook at(String tool, String name, LockedBean bean) {
    return looks.compute(
        name,
        (sameName, earlier) ->
            earlier != null && earlier.isAt(bean)
                ? earlier
                : new LockLook(tool, bean, longestLook));
  }
}
