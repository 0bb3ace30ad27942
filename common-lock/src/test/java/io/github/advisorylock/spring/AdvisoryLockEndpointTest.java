package io.github.advisorylock.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import io.github.advisorylock.LockConfigurationException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import org.junit.jupiter.api.Test;

/** What the endpoint answers where there is nothing to see. SpringBootIT has a database. */
class AdvisoryLockEndpointTest {

  private static final Duration LONG = Duration.ofMinutes(1);
  private static final Duration SHORT = Duration.ofMillis(20);

  private final LockedBeans flyways = new LockedBeans("flyway");
  private final LockedBeans liquibases = new LockedBeans("liquibase");
  private final AdvisoryLockEndpoint endpoint =
      new AdvisoryLockEndpoint(List.of(flyways, liquibases), LONG);

  private String error(String bean) {
    return endpoint.locks().beans().get(bean).error();
  }

  @Test
  void shouldSayOfEachBeanWhyItsDatabaseCannotBeAsked() {
    flyways.add("flyway", new FakeBean("gone"));
    flyways.add("billing", new FakeBean("full"));
    liquibases.add("liquibase", new FakeBean("far"));

    assertThat(endpoint.locks().beans())
        .containsExactly(
            entry("billing", LockReport.Bean.failed("flyway", "full [SQLSTATE 08006]")),
            entry("flyway", LockReport.Bean.failed("flyway", "gone [SQLSTATE 08006]")),
            entry("liquibase", LockReport.Bean.failed("liquibase", "far [SQLSTATE 08006]")));
  }

  @Test
  void shouldSayWhatAPoolThrows() {
    flyways.add(
        "flyway",
        new FakeBean(
            () -> {
              throw new IllegalStateException("the pool\nis closed");
            }));

    assertThat(error("flyway")).isEqualTo("the pool is closed");
  }

  @Test
  void shouldKeepPasswordsToItself() {
    flyways.add("flyway", new FakeBean("no driver for jdbc:postgresql://a/b?password=secret"));

    assertThat(error("flyway")).startsWith("no driver for").doesNotContain("secret");
  }

  @Test
  void shouldLeaveOutABeanThatIsNotLockedWithoutAskingForAConnection() {
    FakeBean free =
        new FakeBean("gone") {
          @Override
          public boolean isLocked() {
            return false;
          }
        };
    flyways.add("flyway", free);

    assertThat(endpoint.locks().beans()).isEmpty();
    assertThat(free.attempts()).isZero();
  }

  @Test
  void shouldSayWhichSettingCannotBeUsed() {
    flyways.add(
        "flyway",
        new FakeBean("gone") {
          @Override
          public boolean isLocked() {
            throw new LockConfigurationException("timeout is 'soon'");
          }
        });

    assertThat(error("flyway")).isEqualTo("timeout is 'soon'");
  }

  @Test
  void shouldLookAtTheBeanThatHasTheNameNow() {
    flyways.add("flyway", new FakeBean("gone"));
    assertThat(error("flyway")).contains("gone");
    flyways.add("flyway", new FakeBean("far"));

    assertThat(error("flyway")).contains("far");
  }

  @Test
  void shouldAskAgainEachTime() {
    FakeBean bean = new FakeBean("gone");
    flyways.add("flyway", bean);

    endpoint.locks();
    endpoint.locks();

    assertThat(bean.attempts()).isEqualTo(2);
  }

  @Test
  void shouldLookAtAllBeansSideBySide() {
    CyclicBarrier bothAreLookedAt = new CyclicBarrier(2);
    FakeBean.Attempt together =
        () -> {
          bothAreLookedAt.await();
          throw new SQLException("gone");
        };
    flyways.add("flyway", new FakeBean(together));
    liquibases.add("liquibase", new FakeBean(together));

    assertThat(endpoint.locks().beans()).containsOnlyKeys("flyway", "liquibase");
  }

  @Test
  void shouldAnswerThoughTheDatabaseDoesNotAndAskItOnce() throws InterruptedException {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch atTheEnd = new CountDownLatch(1);
    FakeBean bean =
        new FakeBean(
            () -> {
              asked.countDown();
              atTheEnd.await();
              throw new SQLException("gone");
            });
    flyways.add("flyway", bean);
    AdvisoryLockEndpoint impatient = new AdvisoryLockEndpoint(List.of(flyways), SHORT);

    for (int i = 0; i < 3; i++) {
      assertThat(impatient.locks().beans().get("flyway").error()).startsWith("No answer in time");
    }

    asked.await();
    assertThat(bean.attempts()).isEqualTo(1);
    atTheEnd.countDown();
  }

  @Test
  void shouldShareALookThatIsUnderWay() {
    CountDownLatch bothHaveAsked = new CountDownLatch(1);
    FakeBean bean =
        new FakeBean(
            () -> {
              bothHaveAsked.await();
              throw new SQLException("gone");
            });
    LockLook look = new LockLook("flyway", bean, LONG);

    CompletableFuture<?> one = look.begin();
    CompletableFuture<?> other = look.begin();
    bothHaveAsked.countDown();

    assertThat(one.join()).isEqualTo(other.join());
    assertThat(bean.attempts()).isEqualTo(1);
  }

  @Test
  void shouldBoundTheConnectionsPatienceForTheLookOnly() {
    List<String> calls = new ArrayList<>();
    Connection connection =
        (Connection)
            Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {Connection.class},
                (proxy, method, arguments) -> {
                  calls.add(method.getName() + (arguments == null ? "" : " " + arguments[1]));
                  return method.getReturnType() == int.class ? 7 : null;
                });
    flyways.add("flyway", new FakeBean(() -> connection));

    assertThat(error("flyway")).isEqualTo("the schema is hidden [SQLSTATE 42501]");
    assertThat(calls)
        .containsExactly(
            "getNetworkTimeout",
            "setNetworkTimeout " + LONG.toMillis(),
            "setNetworkTimeout 7",
            "close");
  }
}
