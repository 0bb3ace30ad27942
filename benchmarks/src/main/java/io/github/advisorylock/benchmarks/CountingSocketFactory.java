package io.github.advisorylock.benchmarks;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.SocketFactory;

/**
 * Has pgjdbc count what it sends, for any tool and without changing it: the URL alone asks for it.
 * Nothing stands between client and server, so nothing is slower or closes in another order.
 */
public final class CountingSocketFactory extends SocketFactory {

  /** Static, because pgjdbc makes a factory of its own for each connection. */
  static final Traffic TRAFFIC = new Traffic();

  /** For pgjdbc. */
  public CountingSocketFactory() {}

  /** The same database, counted. */
  static String counted(String url) {
    return url + "&socketFactory=" + CountingSocketFactory.class.getName();
  }

  @Override
  public Socket createSocket() {
    return new CountingSocket();
  }

  @Override
  public Socket createSocket(String host, int port) {
    throw new UnsupportedOperationException("pgjdbc connects by itself");
  }

  @Override
  public Socket createSocket(String host, int port, InetAddress localHost, int localPort) {
    return createSocket(host, port);
  }

  @Override
  public Socket createSocket(InetAddress host, int port) {
    return createSocket(host.getHostName(), port);
  }

  @Override
  public Socket createSocket(InetAddress host, int port, InetAddress local, int localPort) {
    return createSocket(host, port);
  }

  private static final class CountingSocket extends Socket {

    private final AtomicBoolean open = new AtomicBoolean(true);

    CountingSocket() {
      TRAFFIC.countOpened();
    }

    @Override
    public OutputStream getOutputStream() throws IOException {
      FrontendMessages messages = new FrontendMessages(TRAFFIC::countRoundTrip);
      return new FilterOutputStream(super.getOutputStream()) {
        @Override
        public void write(int sent) throws IOException {
          messages.sent((byte) sent);
          out.write(sent);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
          for (int i = offset; i < offset + length; i++) {
            messages.sent(bytes[i]);
          }
          out.write(bytes, offset, length);
        }
      };
    }

    @Override
    public synchronized void close() throws IOException {
      if (open.compareAndSet(true, false)) {
        TRAFFIC.countClosed();
      }
      super.close();
    }
  }
}
