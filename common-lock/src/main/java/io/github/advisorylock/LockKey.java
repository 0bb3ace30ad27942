package io.github.advisorylock;

import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Objects;

/**
 * The 64-bit key of an advisory lock, and the name people know it by.
 *
 * <p>PostgreSQL's advisory locks are per database and have numbers for names. Two keys are equal
 * when their numbers are: the name is for messages only. Immutable.
 *
 * @param value the number that is given to {@code pg_try_advisory_lock(bigint)}; any value
 * @param name what messages call the key; not blank
 * @see <a href="https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS">
 *     PostgreSQL: Advisory Locks</a>
 */
public record LockKey(long value, String name) implements Serializable {

  private static final long serialVersionUID = 1L;

  // Three numbers that named() gives, written down: to hash costs a JVM that has just started some
  // milliseconds, and hardly anybody has a key of their own.

  /** The key that both tools use unless told otherwise, so that they exclude each other. */
  public static final LockKey MIGRATION = new LockKey(-8472138601791040455L, "migration");

  private static final long WORK = 63400965840417398L;
  private static final long WAIT = 8173693279400651400L;

  /**
   * A key with the given name for messages.
   *
   * @param value the number
   * @param name the name
   * @throws IllegalArgumentException if the name is blank
   */
  public LockKey {
    if (name.isBlank()) {
      throw new IllegalArgumentException("The name of a lock key must not be blank");
    }
  }

  /**
   * The key with this number.
   *
   * @param value any 64-bit number
   * @return the key, named by its number
   */
  public static LockKey of(long value) {
    return new LockKey(value, Long.toString(value));
  }

  /**
   * The key for a name: the first eight bytes, big-endian, of the SHA-256 of the name in UTF-8.
   *
   * <p>The same in psql:
   *
   * <pre>{@code
   * select pg_catalog.concat('x', pg_catalog.encode(pg_catalog.substr(pg_catalog.sha256(
   *   pg_catalog.convert_to('migration', 'UTF8')), 1, 8), 'hex'))::bit(64)::bigint;
   * }</pre>
   *
   * @param name any text that is not blank
   * @return the key; the same for the same name, always
   * @throws IllegalArgumentException if the name is blank
   */
  public static LockKey named(String name) {
    return new LockKey(firstEightBytesOfSha256(name.getBytes(StandardCharsets.UTF_8)), name);
  }

  /**
   * This key for one schema only: the first eight bytes of the SHA-256 of this key's eight bytes,
   * big-endian, followed by the schema's name in UTF-8.
   *
   * <p>The same in psql, for key 42 and schema app:
   *
   * <pre>{@code
   * select pg_catalog.concat('x', pg_catalog.encode(pg_catalog.substr(pg_catalog.sha256(
   *   pg_catalog.int8send(42) operator(pg_catalog.||) pg_catalog.convert_to('app', 'UTF8')), 1, 8), 'hex'))::bit(64)::bigint;
   * }</pre>
   *
   * @param schema the schema's name as PostgreSQL keeps it; case matters
   * @return the key of that schema, named {@code name@schema}
   */
  public LockKey within(String schema) {
    byte[] schemaName = schema.getBytes(StandardCharsets.UTF_8);
    byte[] mixed =
        ByteBuffer.allocate(Long.BYTES + schemaName.length).putLong(value).put(schemaName).array();
    return new LockKey(firstEightBytesOfSha256(mixed), name + "@" + schema);
  }

  /**
   * The key that sessions share while they work under this one: this key, exclusive-or the number
   * that {@link #named} gives for {@code work}.
   *
   * <p>The same in psql, for key 42: {@code select 42::bigint operator(pg_catalog.#)
   * 63400965840417398;}
   *
   * @return the key, named {@code name/work}
   * @see HeldLock#startWork
   */
  public LockKey forWork() {
    return new LockKey(value ^ WORK, name + "/work");
  }

  /**
   * The key that sessions share while they listen for the release of this one, so that the holder
   * finds one to wake up: made like {@link #forWork}, with {@code wait}.
   *
   * <p>The same in psql, for key 42: {@code select 42::bigint operator(pg_catalog.#)
   * 8173693279400651400;}
   *
   * @return the key, named {@code name/wait}
   */
  public LockKey forWaiting() {
    return new LockKey(value ^ WAIT, name + "/wait");
  }

  /** The number of the key whose {@link #forWaiting} has this number. */
  static long ofWaiting(long waitingKey) {
    return waitingKey ^ WAIT;
  }

  private static long firstEightBytesOfSha256(byte[] bytes) {
    try {
      return ByteBuffer.wrap(MessageDigest.getInstance("SHA-256").digest(bytes)).getLong();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java platform must have SHA-256", e);
    }
  }

  /** The high 32 bits, unsigned: {@code classid} in {@code pg_locks}. */
  long classId() {
    return value >>> Integer.SIZE;
  }

  /** The low 32 bits, unsigned: {@code objid} in {@code pg_locks}. */
  long objectId() {
    return value & 0xFFFF_FFFFL;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof LockKey that && value == that.value;
  }

  @Override
  public int hashCode() {
    return Objects.hash(value);
  }

  /** The name and the number, for messages: {@code migration (-8472…)}, or the number alone. */
  @Override
  public String toString() {
    String number = Long.toString(value);
    return name.equals(number) ? number : Text.oneLine(name) + " (" + number + ")";
  }
}
