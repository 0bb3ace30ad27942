package io.github.advisorylock.it;

import java.net.InetSocketAddress;
import java.net.URI;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A pgjdbc URL that can be pointed at another server or database, or given one more parameter. */
record JdbcUrl(String server, String database, String parameters) {
  private static final Pattern FORM =
      Pattern.compile("(jdbc:postgresql://[^/]+/)([^?]*)(?:\\?(.*))?");
  private static final Pattern SERVER =
      Pattern.compile("jdbc:postgresql://(?<host>[^/,]+?)(?::(?<port>\\d+))?/");
  private static final int DEFAULT_PORT = 5432;

  static JdbcUrl parse(String url) {
    Matcher form = FORM.matcher(url);
    if (!form.matches()) {
      throw new IllegalArgumentException(
          "Not of the form jdbc:postgresql://host:port/database?parameters: " + url);
    }
    return new JdbcUrl(form.group(1), form.group(2), form.group(3) == null ? "" : form.group(3));
  }

  /** An IPv4 address for localhost, where not every server listens on IPv6 as well. */
  String host() {
    String host = serverForm().group("host");
    return host.equals("localhost") ? "127.0.0.1" : host;
  }

  int port() {
    String port = serverForm().group("port");
    return port == null ? DEFAULT_PORT : Integer.parseInt(port);
  }

  private Matcher serverForm() {
    Matcher form = SERVER.matcher(server);
    if (!form.matches()) {
      throw new IllegalArgumentException("Not one server: " + server);
    }
    return form;
  }

  JdbcUrl withServer(String host, int port) {
    return new JdbcUrl("jdbc:postgresql://%s:%d/".formatted(host, port), database, parameters);
  }

  JdbcUrl withDatabase(String name) {
    return new JdbcUrl(server, name, parameters);
  }

  /** The same database by another way. */
  JdbcUrl via(InetSocketAddress address) {
    String host = address.getAddress().getHostAddress();
    return new JdbcUrl(
        "jdbc:postgresql://%s:%d/".formatted(host, address.getPort()), database, parameters);
  }

  /** Where the server is. */
  InetSocketAddress address() {
    URI uri = URI.create(server.substring("jdbc:".length()));
    return new InetSocketAddress(uri.getHost(), uri.getPort() < 0 ? 5432 : uri.getPort());
  }

  JdbcUrl with(String parameter, String value) {
    String added = parameter + "=" + value;
    return new JdbcUrl(server, database, parameters.isEmpty() ? added : parameters + "&" + added);
  }

  @Override
  public String toString() {
    return server + database + (parameters.isEmpty() ? "" : "?" + parameters);
  }
}
