package io.github.advisorylock.it;

import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Assumptions;

/**
 * A host of its own for some processes, as far as the network can tell: a network namespace and a
 * link to it. Once it has vanished, nothing of it arrives any more, no FIN, no RST and no answer;
 * only time tells the server.
 */
final class VanishingHost implements AutoCloseable {
  private static final long NUMBER = ProcessHandle.current().pid();
  private static final String NAME = "vanishing-" + NUMBER;

  // The ends of the link; 15 characters are all that Linux allows.
  private static final String HERE = "vh" + NUMBER + "a";
  private static final String THERE = "vh" + NUMBER + "b";

  /** In what ss prints, the second number is of bytes that were not acknowledged. */
  private static final String ALL_ACKNOWLEDGED = "\\s*\\d+\\s+0\\s.*";

  private final Thread removal = new Thread(VanishingHost::remove);

  private VanishingHost() {
    Runtime.getRuntime().addShutdownHook(removal);
  }

  /** Sets it up, one at a time in a JVM, or skips the test where that cannot be. */
  static VanishingHost create() {
    VanishingHost host = new VanishingHost();
    try {
      setUp();
      return host;
    } catch (IllegalStateException | UncheckedIOException e) {
      host.close();
      return Assumptions.abort(
          "No host that can vanish, which takes Linux with iproute2, and root that may make network"
              + " namespaces: "
              + e.getMessage());
    }
  }

  private static void setUp() {
    run("ip", "netns", "add", NAME);
    run("ip", "link", "add", HERE, "type", "veth", "peer", "name", THERE, "netns", NAME);
    run("ip", "address", "add", address(1) + "/30", "dev", HERE);
    run("ip", "link", "set", "dev", HERE, "up");
    run("ip", "-n", NAME, "address", "add", address(2) + "/30", "dev", THERE);
    run("ip", "-n", NAME, "link", "set", "dev", THERE, "up");
    run("ip", "-n", NAME, "link", "set", "dev", "lo", "up");
    unacknowledged();
  }

  /** Each of 16384 JVMs has a subnet of its own. */
  private static String address(int last) {
    return "10.231.%d.%d".formatted(NUMBER / 64 % 256, NUMBER % 64 * 4 + last);
  }

  /** Where this machine is, as seen from there; a server must listen on it. */
  String serverAddress() {
    return address(1);
  }

  /** The way from there to a server on this machine. */
  InetSocketAddress wayTo(InetSocketAddress server) {
    return new InetSocketAddress(serverAddress(), server.getPort());
  }

  /** A command that becomes the one that follows it, on that host. */
  List<String> launcher() {
    return List.of("ip", "netns", "exec", NAME);
  }

  /**
   * Takes its end of the link down. Were it the end here, packets to it would take the default
   * route, to whoever answers there.
   *
   * <p>Waits until it has acknowledged all that it was sent: as long as something is sent to it
   * again and again, no keepalive is, and the system gives up only after a quarter of an hour.
   */
  void vanish() {
    Await.until(
        () -> unacknowledged().isEmpty(), "all is acknowledged", VanishingHost::unacknowledged);
    run("ip", "-n", NAME, "link", "set", "dev", THERE, "down");
  }

  /** It is there, again or still. */
  void appear() {
    run("ip", "-n", NAME, "link", "set", "dev", THERE, "up");
  }

  /** The connections, one a line, through which something is on its way there. */
  private static String unacknowledged() {
    return run("ss", "-H", "-t", "-n", "state", "established", "dst", address(2))
        .lines()
        .filter(line -> !line.matches(ALL_ACKNOWLEDGED))
        .collect(Collectors.joining(System.lineSeparator()));
  }

  @Override
  public void close() {
    Runtime.getRuntime().removeShutdownHook(removal);
    remove();
  }

  private static void remove() {
    removeIfThere("link", HERE);
    removeIfThere("netns", NAME);
  }

  private static void removeIfThere(String what, String name) {
    try {
      run("ip", what, "delete", name);
    } catch (IllegalStateException | UncheckedIOException e) {
      // It was not set up, or not as far as that.
    }
  }

  /** What it prints. */
  private static String run(String... command) {
    try (ChildProcess process = ChildProcess.start(Path.of("."), Map.of(), List.of(command))) {
      if (process.exitStatus() != 0) {
        throw new IllegalStateException(String.join(" ", command) + ": " + process.output());
      }
      return process.output();
    }
  }
}
