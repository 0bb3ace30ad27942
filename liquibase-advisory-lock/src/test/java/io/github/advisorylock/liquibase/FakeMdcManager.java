package io.github.advisorylock.liquibase;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import liquibase.logging.mdc.CustomMdcObject;
import liquibase.logging.mdc.MdcManager;
import liquibase.logging.mdc.MdcObject;

/** Shows what a structured log would have with a line that is written now. */
final class FakeMdcManager implements MdcManager {

  private final Map<String, Object> values = new TreeMap<>();

  String shown() {
    return values.toString();
  }

  private MdcObject add(String key, Object value) {
    values.put(key, value);
    return new MdcObject(key, value);
  }

  @Override
  public MdcObject put(String key, String value) {
    return add(key, value);
  }

  @Override
  public MdcObject put(String key, String value, boolean removeWhenScopeExits) {
    return add(key, value);
  }

  @Override
  public MdcObject put(String key, Map<String, Object> value) {
    return add(key, value);
  }

  @Override
  public MdcObject put(String key, Map<String, Object> value, boolean removeWhenScopeExits) {
    return add(key, value);
  }

  @Override
  public MdcObject put(String key, List<? extends CustomMdcObject> value) {
    return add(key, value);
  }

  @Override
  public MdcObject put(String key, CustomMdcObject value) {
    return add(key, value);
  }

  @Override
  public MdcObject put(String key, CustomMdcObject value, boolean removeWhenScopeExits) {
    return add(key, value);
  }

  @Override
  public void remove(String key) {
    values.remove(key);
  }

  @Override
  public void clear() {
    values.clear();
  }

  @Override
  public int getPriority() {
    return Integer.MAX_VALUE;
  }

  @Override
  public Map<String, Object> getAll() {
    return values;
  }
}
