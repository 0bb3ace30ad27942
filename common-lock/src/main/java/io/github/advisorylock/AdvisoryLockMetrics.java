package io.github.advisorylock;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.Collection;
import java.util.Set;

/**
 * The meters of the locks that tools of this JVM take, for registries that are not part of
 * Micrometer's global one; there they come by themselves. A registry that is bound after the
 * migrations shows them all the same, and one that has the meters already stays as it is.
 * Immutable.
 */
public final class AdvisoryLockMetrics implements MeterBinder {

  private final Set<String> tools;

  /**
   * The meters of some tools.
   *
   * @param tools whose locks to show, such as {@code flyway} and {@code liquibase}
   */
  public AdvisoryLockMetrics(Collection<String> tools) {
    this.tools = Set.copyOf(tools);
  }

  @Override
  public void bindTo(MeterRegistry registry) {
    tools.forEach(
        tool -> {
          LockMeters.of(tool); // or a registry that is a part of the global one gets them twice
          LockMeters.bind(tool, registry);
        });
  }
}
