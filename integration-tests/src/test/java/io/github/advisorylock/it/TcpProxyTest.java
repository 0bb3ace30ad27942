package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Each test speaks for both sides, over real sockets. */
@Timeout(20)
class TcpProxyTest {
  /** What is expected to come has so long; nobody waits for it but where something is broken. */
  private static final int ARRIVAL_MILLIS = 10_000;

  private static final int SILENCE_MILLIS = 300;

  private ServerSocket target;
  private TcpProxy proxy;

  @BeforeEach
  void start() throws IOException {
    target = new ServerSocket(0, 0, InetAddress.getLoopbackAddress());
    proxy = TcpProxy.to((InetSocketAddress) target.getLocalSocketAddress());
  }

  @AfterEach
  void stop() throws IOException {
    proxy.close();
    target.close();
  }

  @Test
  void shouldForwardInBothDirections() throws IOException {
    try (Pair pair = connect()) {
      assertThat(send(pair.client(), pair.server())).isTrue();
      assertThat(send(pair.server(), pair.client())).isTrue();
    }
  }

  @Test
  void shouldForwardAnEnd() throws IOException {
    try (Pair pair = connect()) {
      pair.client().close();

      assertThat(pair.server().getInputStream().read()).isEqualTo(-1);
    }
  }

  @Test
  void shouldCutWithFinWhereBothSidesReadTheEnd() throws IOException {
    try (Pair pair = connect()) {
      assertThat(proxy.cut(port -> true, false)).isEqualTo(1);

      assertThat(pair.client().getInputStream().read()).isEqualTo(-1);
      assertThat(pair.server().getInputStream().read()).isEqualTo(-1);
    }
  }

  @Test
  void shouldCutWithResetWhereBothSidesFail() throws IOException {
    try (Pair pair = connect()) {
      assertThat(proxy.cut(port -> true, true)).isEqualTo(1);

      assertThatExceptionOfType(SocketException.class)
          .isThrownBy(() -> pair.client().getInputStream().read());
      assertThatExceptionOfType(SocketException.class)
          .isThrownBy(() -> pair.server().getInputStream().read());
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void shouldCutOneAndLeaveTheOther(boolean reset) throws IOException {
    try (Pair one = connect();
        Pair other = connect()) {
      assertThat(proxy.cut(port -> port == one.server().getPort(), reset)).isEqualTo(1);

      assertThat(send(other.client(), other.server())).isTrue();
      assertThat(send(other.server(), other.client())).isTrue();
    }
  }

  @Test
  void shouldTakeNewConnectionsAfterACut() throws IOException {
    connect().close();
    proxy.cut(port -> true, true);

    try (Pair pair = connect()) {
      assertThat(send(pair.client(), pair.server())).isTrue();
    }
  }

  @Test
  void shouldSwallowBothDirectionsAndTheEndWithoutTellingAnybody() throws IOException {
    try (Pair pair = connect()) {
      proxy.swallow();
      pair.expectSilence();

      assertThat(send(pair.client(), pair.server())).isFalse();
      assertThat(send(pair.server(), pair.client())).isFalse();
      pair.client().close();
      assertThatExceptionOfType(SocketTimeoutException.class)
          .isThrownBy(() -> pair.server().getInputStream().read());
    }
  }

  @Test
  void shouldAcceptWithoutAnsweringWhileItSwallows() throws IOException {
    proxy.swallow();

    try (Socket client = connectClient()) {
      client.setSoTimeout(SILENCE_MILLIS);

      assertThatExceptionOfType(SocketTimeoutException.class)
          .isThrownBy(() -> client.getInputStream().read());
    }
  }

  @Test
  void shouldEndWhatItSwallowedWhenClosed() throws IOException {
    try (Pair pair = connect()) {
      proxy.swallow();
      proxy.close();

      assertThat(pair.client().getInputStream().read()).isEqualTo(-1);
      assertThat(pair.server().getInputStream().read()).isEqualTo(-1);
    }
  }

  @Test
  void shouldGoOnAfterTheServerRefused() throws IOException {
    target.close();
    try (Socket refused = connectClient()) {
      assertThatExceptionOfType(SocketException.class)
          .isThrownBy(() -> refused.getInputStream().read());
    }
    target = new ServerSocket(target.getLocalPort(), 0, InetAddress.getLoopbackAddress());

    try (Pair pair = connect()) {
      assertThat(send(pair.client(), pair.server())).isTrue();
    }
  }

  /** Whether a byte that is written here arrives there. */
  private static boolean send(Socket from, Socket to) throws IOException {
    from.getOutputStream().write(42);
    try {
      return to.getInputStream().read() == 42;
    } catch (SocketTimeoutException e) {
      return false;
    }
  }

  private Pair connect() throws IOException {
    Socket client = connectClient();
    Socket server = target.accept();
    server.setSoTimeout(ARRIVAL_MILLIS);
    return new Pair(client, server);
  }

  private Socket connectClient() throws IOException {
    Socket client = new Socket();
    client.setSoTimeout(ARRIVAL_MILLIS);
    client.connect(proxy.address());
    return client;
  }

  private record Pair(Socket client, Socket server) implements AutoCloseable {
    void expectSilence() throws IOException {
      client.setSoTimeout(SILENCE_MILLIS);
      server.setSoTimeout(SILENCE_MILLIS);
    }

    @Override
    public void close() throws IOException {
      client.close();
      server.close();
    }
  }
}
