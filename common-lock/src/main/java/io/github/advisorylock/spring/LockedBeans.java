package io.github.advisorylock.spring;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * The beans of one tool that migrate under a lock, as far as an application has made them: to look
 * at a lock must not make one, since that would migrate. Safe for use by several threads.
 */
public final class LockedBeans {

  private final String tool;
  private final ConcurrentMap<String, LockedBean> beans = new ConcurrentHashMap<>();

  /**
   * The beans of a tool, none as yet.
   *
   * @param tool its name, such as {@code flyway}
   */
  public LockedBeans(String tool) {
    this.tool = tool;
  }

  /**
   * Adds a bean, in the place of one that had its name.
   *
   * @param name the bean's name
   * @param bean what is to be known of it
   */
  public void add(String name, LockedBean bean) {
    beans.put(name, bean);
  }

  /**
   * Whose beans they are.
   *
   * @return the tool's name, such as {@code flyway}
   */
  public String tool() {
    return tool;
  }

  /**
   * The beans that there are now.
   *
   * @return each by its name
   */
  public Map<String, LockedBean> byName() {
    return Map.copyOf(beans);
  }
}
