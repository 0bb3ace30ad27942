package io.github.advisorylock.spring;

import org.springframework.beans.BeansException;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.util.ClassUtils;

/** The places where an application's metrics go, if it has any. */
public final class MeterRegistries {

  private static final String METER_REGISTRY = "io.micrometer.core.instrument.MeterRegistry";

  private MeterRegistries() {}

  /**
   * Sees to it that they are there before a tool migrates, so that they do not miss it. Does
   * nothing without Micrometer.
   *
   * @param beans the application's beans
   */
  public static void create(ListableBeanFactory beans) {
    ClassLoader classLoader = ClassUtils.getDefaultClassLoader();
    if (!ClassUtils.isPresent(METER_REGISTRY, classLoader)) {
      return;
    }
    Class<?> type = ClassUtils.resolveClassName(METER_REGISTRY, classLoader);
    try {
      beans.getBeanProvider(type).forEach(registry -> {});
    } catch (BeansException e) {
      // One that itself needs the migrated database has to come later; one that is broken will
      // fail again, and say so, for whoever needs it.
    }
  }
}
