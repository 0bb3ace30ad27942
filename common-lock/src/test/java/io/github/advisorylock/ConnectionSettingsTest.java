package io.github.advisorylock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.entry;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URL;
import java.net.URLClassLoader;
import java.sql.Connection;
import java.sql.Driver;
import java.sql.DriverManager;
import java.sql.DriverPropertyInfo;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.util.Properties;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.util.PSQLException;

class ConnectionSettingsTest {

  private static ConnectionSettings url(String url) {
    return new ConnectionSettings(url, "locker", "s3cret-2");
  }

  private static String stackTrace(Throwable failure) {
    StringWriter text = new StringWriter();
    failure.printStackTrace(new PrintWriter(text));
    return text.toString();
  }

  @Test
  void shouldNotShowPasswords() {
    assertThat(url("jdbc:postgresql://db/app?password=s3cret"))
        .hasToString(
            "ConnectionSettings[url=jdbc:postgresql://db/app?password=***, user=locker,"
                + " password=***]");
  }

  @Test
  void shouldShowThatThereIsNoPassword() {
    assertThat(new ConnectionSettings("jdbc:postgresql://db/app", null, null))
        .hasToString("ConnectionSettings[url=jdbc:postgresql://db/app, user=null, password=null]");
  }

  /** Drivers and DriverManager quote a URL that they do not understand. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "jdbc:postgresql://db:port/app?password=s3cret",
        "jdbc:postgresql://db:99999/app?user=app&password=s3cret",
        "jdbc:postgresql:app?password=s3cret%",
        "jdbc:postgresql://app:s3cret@db/app",
        "jdbc:wrapper:postgresql://db/app?password=s3cret",
        "jdbc:wrapper:postgresql://app:s3cret@db/app"
      })
  void shouldNotShowAPasswordWhenTheUrlIsOfNoUse(String url) {
    Throwable failure = catchThrowable(() -> url(url).open().close());

    assertThat(failure).isNotNull();
    assertThat(stackTrace(failure)).doesNotContain("s3cret");
  }

  @Test
  void shouldSayAtOnceThatThereIsNoDriver() {
    assertThatExceptionOfType(LockConfigurationException.class)
        .isThrownBy(() -> url("jdbc:wrapper:postgresql://db/app").open())
        .withMessageContaining("jdbc:wrapper:postgresql://db/app");
  }

  @Test
  void shouldHandOnThatTheServerRefuses() {
    assertThatExceptionOfType(SQLException.class)
        .isThrownBy(() -> url("jdbc:postgresql://localhost:1/app").open())
        .returns("08001", SQLException::getSQLState)
        .withMessageContaining("localhost:1");
  }

  private static void withContextClassLoader(ClassLoader context, Executable action)
      throws Throwable {
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    thread.setContextClassLoader(context);
    try {
      action.execute();
    } finally {
      thread.setContextClassLoader(before);
    }
  }

  @Test
  void shouldFindTheDriverWithoutContextClassLoader() throws Throwable {
    withContextClassLoader(
        null,
        () ->
            assertThatExceptionOfType(SQLException.class)
                .isThrownBy(() -> url("jdbc:postgresql://localhost:1/app").open())
                .returns("08001", SQLException::getSQLState));
  }

  /** Of another copy's connections the lock does not know what pgjdbc can do. */
  @Test
  void shouldPreferTheDriverThatTheLockSeesItself() throws Throwable {
    URL pgjdbc = PSQLException.class.getProtectionDomain().getCodeSource().getLocation();
    try (URLClassLoader another =
        new URLClassLoader(new URL[] {pgjdbc}, ClassLoader.getPlatformClassLoader())) {
      withContextClassLoader(
          another,
          () ->
              assertThatExceptionOfType(PSQLException.class)
                  .isThrownBy(() -> url("jdbc:postgresql://localhost:1/app").open()));
    }
  }

  /** Wraps pgjdbc, and is found by its URL alone. */
  private static final class WrappingDriver implements Driver {

    private final FakeClient client = new FakeServer().connect();
    private final Properties given = new Properties();

    @Override
    public Connection connect(String url, Properties properties) {
      given.putAll(properties);
      return client.connection();
    }

    @Override
    public boolean acceptsURL(String url) {
      return url.startsWith("jdbc:fake:");
    }

    @Override
    public DriverPropertyInfo[] getPropertyInfo(String url, Properties properties) {
      return new DriverPropertyInfo[0];
    }

    @Override
    public int getMajorVersion() {
      return 1;
    }

    @Override
    public int getMinorVersion() {
      return 0;
    }

    @Override
    public boolean jdbcCompliant() {
      return false;
    }

    @Override
    public Logger getParentLogger() throws SQLFeatureNotSupportedException {
      throw new SQLFeatureNotSupportedException("getParentLogger");
    }
  }

  private static Properties givenTo(WrappingDriver driver, ConnectionSettings settings)
      throws SQLException {
    DriverManager.registerDriver(driver);
    try {
      assertThat(settings.open()).isSameAs(driver.client.connection());
    } finally {
      DriverManager.deregisterDriver(driver);
    }
    return driver.given;
  }

  @Test
  void shouldGiveUserAndPasswordToWhateverDriverTheUrlNames() throws SQLException {
    assertThat(givenTo(new WrappingDriver(), url("jdbc:fake:postgresql://db/app")))
        .containsOnly(entry("user", "locker"), entry("password", "s3cret-2"));
  }

  @Test
  void shouldLeaveUserAndPasswordToTheUrlUnlessTheyAreSet() throws SQLException {
    String url = "jdbc:fake:postgresql://db/app";

    assertThat(givenTo(new WrappingDriver(), new ConnectionSettings(url, null, null))).isEmpty();
  }
}
