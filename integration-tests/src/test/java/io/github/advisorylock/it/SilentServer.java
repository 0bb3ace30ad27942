package io.github.advisorylock.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/** Something that takes connections and never answers: whoever comes here is noticed. */
final class SilentServer implements AutoCloseable {
  private final ServerSocketChannel channel;

  SilentServer() {
    try {
      channel = ServerSocketChannel.open();
      channel.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      channel.configureBlocking(false);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A URL of a database here, at which the driver waits for an answer without end. */
  String urlWithoutBound() {
    return url().replaceFirst("[?].*", "");
  }

  /** A URL of a database here; the driver gives up after a second. */
  String url() {
    try {
      return "jdbc:postgresql://localhost:%d/nowhere?loginTimeout=1"
          .formatted(((InetSocketAddress) channel.getLocalAddress()).getPort());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Whether anybody has connected since the last call. */
  boolean wasTouched() {
    try (SocketChannel visitor = channel.accept()) {
      return visitor != null;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
