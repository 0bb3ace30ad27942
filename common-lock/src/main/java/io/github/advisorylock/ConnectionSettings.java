package io.github.advisorylock;

import java.sql.Connection;
import java.sql.Driver;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/**
 * A connection for the lock alone, such as one that goes past a pooler. Immutable.
 *
 * @param url a JDBC URL of PostgreSQL; may itself carry user and password as parameters, but not
 *     before the host
 * @param user the role; null for the URL's, or the driver's default
 * @param password the password; null for the URL's, or the driver's way to find one
 */
public record ConnectionSettings(String url, @Nullable String user, @Nullable String password)
    implements ConnectionSource {

  private static final String DRIVER = "org.postgresql.Driver";

  /**
   * Opens a new connection, within ten seconds. A driver that only the thread's context class
   * loader sees is found as well.
   *
   * @return a connection that is the caller's to close
   * @throws SQLException if the driver cannot connect, or gets no answer in time
   * @throws LockConfigurationException if there is no driver for the URL
   */
  @Override
  public Connection open() throws SQLException {
    return ConnectionSource.bounded(this::connect).open();
  }

  /** Without a bound. */
  private Connection connect() throws SQLException {
    Properties properties = new Properties();
    if (user != null) {
      properties.setProperty("user", user);
    }
    if (password != null) {
      properties.setProperty("password", password);
    }
    try {
      Driver driver = pgjdbc();
      Connection connection = driver == null ? null : driver.connect(url, properties);
      return connection != null ? connection : otherDriver().connect(url, properties);
    } catch (SQLException e) {
      throw withoutPassword(e);
    }
  }

  /** The source for a session that may open several connections. */
  static ConnectionSource bounded(ConnectionSource source) {
    return source instanceof ConnectionSettings own
        ? ConnectionSource.bounded(own::connect)
        : source;
  }

  /** A driver that was registered for such URLs, such as one that wraps pgjdbc. */
  private Driver otherDriver() {
    try {
      return DriverManager.getDriver(url);
    } catch (SQLException e) {
      throw new LockConfigurationException(
          "The url for the lock is '%s', but there is no JDBC driver for it on the class path"
              .formatted(Secrets.withoutPassword(url)));
    }
  }

  /** Drivers quote a URL that they do not understand, and what they throw is logged. */
  private SQLException withoutPassword(SQLException failure) {
    String message = String.valueOf(failure.getMessage());
    return message.contains(url)
        ? new SQLException(
            message.replace(url, Secrets.withoutPassword(url)), failure.getSQLState())
        : failure;
  }

  /**
   * pgjdbc as the lock sees it, since of that one it knows the connections; else as the application
   * does; null if neither does.
   */
  private static @Nullable Driver pgjdbc() {
    Driver own = pgjdbc(ConnectionSettings.class.getClassLoader());
    return own != null ? own : pgjdbc(Thread.currentThread().getContextClassLoader());
  }

  private static @Nullable Driver pgjdbc(ClassLoader loader) {
    try {
      return Class.forName(DRIVER, true, loader).getDeclaredConstructor().newInstance()
              instanceof Driver driver
          ? driver
          : null;
    } catch (ReflectiveOperationException | LinkageError e) {
      return null;
    }
  }

  /** The URL without any password, and the user. */
  @Override
  public String toString() {
    return "ConnectionSettings[url=%s, user=%s, password=%s]"
        .formatted(Secrets.withoutPassword(url), user, password == null ? null : Secrets.MASK);
  }
}
