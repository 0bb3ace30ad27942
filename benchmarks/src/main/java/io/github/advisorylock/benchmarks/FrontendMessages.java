package io.github.advisorylock.benchmarks;

/**
 * Reads along what a client sends in PostgreSQL's protocol, and counts what the server answers to
 * before the client goes on: Query, and Sync, which ends what an extended query sends.
 *
 * @see <a href="https://www.postgresql.org/docs/current/protocol-message-formats.html">PostgreSQL:
 *     Message Formats</a>
 */
final class FrontendMessages {

  private static final byte QUERY = 'Q';
  private static final byte SYNC = 'S';

  /** In front of each message that has no type, as those before a session is there. */
  private static final byte UNTYPED = 0;

  private static final int LENGTH_BYTES = 4;
  private static final int PROTOCOL_3 = 3;
  private static final int MAJOR_VERSION_SHIFT = 16;

  private final Runnable roundTrip;
  private boolean started;
  private byte type = UNTYPED;
  private int position;
  private int length;
  private int code;

  FrontendMessages(Runnable roundTrip) {
    this.roundTrip = roundTrip;
  }

  /** The next byte. */
  void sent(byte next) {
    if (started && position == 0 && type == UNTYPED) {
      type = next;
      return;
    }
    if (position < LENGTH_BYTES) {
      length = (length << Byte.SIZE) | (next & 0xFF);
    } else if (position < 2 * LENGTH_BYTES) {
      code = (code << Byte.SIZE) | (next & 0xFF);
    }
    position++;
    if (position >= LENGTH_BYTES && position == length) {
      messageHasEnded();
    }
  }

  private void messageHasEnded() {
    if (type == QUERY || type == SYNC) {
      roundTrip.run();
    }
    // Anything else without a type asks for encryption first, or cancels a statement.
    started = started || code >> MAJOR_VERSION_SHIFT == PROTOCOL_3;
    type = UNTYPED;
    position = 0;
    length = 0;
    code = 0;
  }
}
