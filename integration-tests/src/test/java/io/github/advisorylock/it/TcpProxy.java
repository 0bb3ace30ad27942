package io.github.advisorylock.it;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.IntPredicate;

/**
 * Stands between one runner and the server, and can fail as a network does: with an end that both
 * sides are told of, by FIN or RST, or with a silence that nobody is told of.
 */
final class TcpProxy implements AutoCloseable {
  private static final int BUFFER = 16 * 1024;

  private final ServerSocket listener;
  private final InetSocketAddress target;
  private final List<Link> links = new CopyOnWriteArrayList<>();
  private volatile boolean silent;
  private volatile boolean silentToNew;

  private TcpProxy(ServerSocket listener, InetSocketAddress target) {
    this.listener = listener;
    this.target = target;
  }

  static TcpProxy to(InetSocketAddress target) {
    try {
      ServerSocket listener = new ServerSocket(0, 0, InetAddress.getLoopbackAddress());
      TcpProxy proxy = new TcpProxy(listener, target);
      startThread("accepts", proxy::accept);
      return proxy;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Where clients connect. */
  InetSocketAddress address() {
    return (InetSocketAddress) listener.getLocalSocketAddress();
  }

  /**
   * Ends connections in both directions.
   *
   * @param which is asked with the port that the server sees as the client's
   * @param reset with RST, as a firewall does; otherwise with FIN, as a proxy does that is stopped
   * @return how many were ended
   */
  int cut(IntPredicate which, boolean reset) {
    int cut = 0;
    for (Link link : links) {
      if (which.test(link.server.getLocalPort())) {
        link.close(reset);
        cut++;
      }
    }
    return cut;
  }

  /**
   * From now on nothing is forwarded, not even the end of a connection, while every socket stays
   * open and new ones are accepted: the other side is there and says nothing.
   */
  void swallow() {
    silent = true;
  }

  /** From now on new connections are accepted, and get no answer; those before go on. */
  void swallowNew() {
    silentToNew = true;
  }

  /** Ends everything, which tells both sides. */
  @Override
  public void close() {
    try {
      listener.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    links.forEach(link -> link.close(false));
  }

  private void accept() {
    while (!listener.isClosed()) {
      try {
        Link link = new Link(listener.accept(), new Socket());
        links.add(link);
        if (silent || silentToNew) {
          continue; // the client waits for an answer, in vain
        }
        link.server.connect(target);
        link.client.setTcpNoDelay(true);
        link.server.setTcpNoDelay(true);
        startThread("to server", () -> forward(link, link.client, link.server));
        startThread("to client", () -> forward(link, link.server, link.client));
      } catch (IOException e) {
        // The listener was closed, or the server refuses, as it does while it restarts.
        links.stream().filter(link -> !link.server.isConnected()).forEach(link -> link.close(true));
      }
    }
    links.forEach(link -> link.close(false)); // one may have come in while close() ran
  }

  private void forward(Link link, Socket from, Socket to) {
    byte[] buffer = new byte[BUFFER];
    try {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        if (!silent) {
          out.write(buffer, 0, read);
        }
      }
    } catch (IOException e) {
      // That is an end, too.
    }
    if (!silent) {
      link.close(false);
    }
  }

  private static void startThread(String what, Runnable task) {
    Thread thread = new Thread(task, "proxy " + what);
    thread.setDaemon(true);
    thread.start();
  }

  private record Link(Socket client, Socket server) {

    /** Both are told how to end before either does: whoever reads from one closes the other. */
    void close(boolean reset) {
      if (reset) {
        dropWhenClosed(client);
        dropWhenClosed(server);
      }
      close(client);
      close(server);
    }

    private static void dropWhenClosed(Socket socket) {
      try {
        socket.setSoLinger(true, 0);
      } catch (IOException e) {
        // It is gone already.
      }
    }

    private static void close(Socket socket) {
      try {
        socket.close();
      } catch (IOException e) {
        // It is gone already.
      }
    }
  }
}
