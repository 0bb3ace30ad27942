package io.github.advisorylock;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Remembers every event in the order in which it came. */
final class RecordingListener implements LockListener {

  private final List<Record> events = new ArrayList<>();

  List<Record> events() {
    return events;
  }

  <E extends Record> List<E> events(Class<E> type) {
    return stream(type).toList();
  }

  private <E extends Record> Stream<E> stream(Class<E> type) {
    return events.stream().filter(type::isInstance).map(type::cast);
  }

  @Override
  public synchronized void onWaiting(Waiting event) {
    events.add(event);
  }

  @Override
  public synchronized void onAcquired(Acquired event) {
    events.add(event);
  }

  @Override
  public synchronized void onGivenUp(GivenUp event) {
    events.add(event);
  }

  @Override
  public synchronized void onReleased(Released event) {
    events.add(event);
  }

  @Override
  public synchronized void onLost(Lost event) {
    events.add(event);
  }

  @Override
  public synchronized void onBlocked(Blocked event) {
    events.add(event);
  }
}
