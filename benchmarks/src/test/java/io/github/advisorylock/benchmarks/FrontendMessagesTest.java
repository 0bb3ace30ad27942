package io.github.advisorylock.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class FrontendMessagesTest {

  private static final int PROTOCOL_3_0 = 3 << 16;
  private static final int SSL_REQUEST = 80877103;

  private final ByteArrayOutputStream sent = new ByteArrayOutputStream();

  @Test
  void shouldCountQueries() {
    start();
    message('Q', "SELECT 1\0");
    message('Q', "SELECT 2\0");

    assertThat(roundTrips()).isEqualTo(2);
  }

  @Test
  void shouldCountAnExtendedQueryOnce() {
    start();
    message('P', "\0SELECT $1\0\0\0");
    message('B', "\0\0\0\0\0\0\0\0");
    message('D', "P\0");
    message('E', "\0\0\0\0\0");
    message('S', "");

    assertThat(roundTrips()).isEqualTo(1);
  }

  @Test
  void shouldNotCountWhatOnlyOpensAndEndsASession() {
    untyped(SSL_REQUEST, "");
    start();
    message('p', "secret\0");
    message('X', "");

    assertThat(roundTrips()).isZero();
  }

  @Test
  void shouldNotTakeTheTextOfAMessageForMessages() {
    start();
    message('P', "\0S\0\0\0\4QQQQ\0\0\0");

    assertThat(roundTrips()).isZero();
  }

  private void start() {
    untyped(PROTOCOL_3_0, "user\0postgres\0\0");
  }

  private void untyped(int code, String body) {
    byte[] bytes = body.getBytes(StandardCharsets.US_ASCII);
    int length = 2 * Integer.BYTES + bytes.length;
    sent.writeBytes(ByteBuffer.allocate(length).putInt(length).putInt(code).put(bytes).array());
  }

  private void message(char type, String body) {
    byte[] bytes = body.getBytes(StandardCharsets.US_ASCII);
    int length = Integer.BYTES + bytes.length;
    sent.writeBytes(
        ByteBuffer.allocate(1 + length).put((byte) type).putInt(length).put(bytes).array());
  }

  private long roundTrips() {
    Traffic traffic = new Traffic();
    FrontendMessages messages = new FrontendMessages(traffic::countRoundTrip);
    for (byte next : sent.toByteArray()) {
      messages.sent(next);
    }
    return traffic.roundTrips();
  }
}
