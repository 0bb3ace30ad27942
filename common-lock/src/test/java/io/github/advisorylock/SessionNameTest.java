package io.github.advisorylock;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SessionNameTest {

  private static final LockKey KEY = LockKey.named("migration");

  @Test
  void shouldSayWhoHoldsWhat() {
    assertThat(new SessionName("flyway", "web-1", 4711).holding(KEY))
        .isEqualTo("flyway holds migration (web-1:4711)");
  }

  @Test
  void shouldSayWhoWaitsForWhat() {
    assertThat(new SessionName("flyway", "web-1", 4711).waiting(KEY))
        .isEqualTo("flyway waits for migration (web-1:4711)");
  }

  @Test
  void shouldFindThoseWhoWaitByTheirNames() {
    for (LockKey key : List.of(KEY, LockKey.named("billing-and-invoicing-of-europe"))) {
      assertThat(new SessionName("flyway", "web-1", 4711).waiting(key))
          .contains(SessionName.waitsFor(key));
      assertThat(new SessionName("flyway", "web-1", 4711).holding(key))
          .doesNotContain(SessionName.waitsFor(key));
    }
    assertThat(new SessionName("flyway", "web-1", 4711).waiting(LockKey.named("migrations")))
        .doesNotContain(SessionName.waitsFor(KEY));
  }

  @Test
  void shouldReadTheKeysNameFromASessionsName() {
    SessionName name = new SessionName("my job", "web-1", 4711);

    assertThat(SessionName.keyNameIn(name.holding(LockKey.named("a (b) c")))).contains("a (b) c");
    assertThat(SessionName.keyNameIn(name.waiting(KEY))).contains("migration");
    assertThat(SessionName.keyNameIn("psql")).isEmpty();
    assertThat(SessionName.keyNameIn("somebody holds something")).isEmpty();
  }

  @Test
  void shouldNameThisProcess() {
    assertThat(new SessionName("flyway").holding(KEY))
        .startsWith("flyway holds migration (")
        .endsWith(":" + ProcessHandle.current().pid() + ")");
  }

  @Test
  void shouldKeepTheHeadOfALongKey() {
    assertThat(
            new SessionName("flyway", "web-1", 1)
                .holding(LockKey.named("billing-and-invoicing-of-europe")))
        .isEqualTo("flyway holds billing-and-invoici~ (web-1:1)");
  }

  @Test
  void shouldShowEveryKeyOfTwentyCharactersInFull() {
    assertThat(new SessionName("flyway", "web-1", 1).holding(LockKey.of(Long.MIN_VALUE)))
        .isEqualTo("flyway holds -9223372036854775808 (web-1:1)");
  }

  @Test
  void shouldKeepTheTailOfALongHost() {
    assertThat(
            new SessionName("liquibase", "orders-backend-deployment-7d9f8b6c5d-x2x7k", 1)
                .waiting(KEY))
        .hasSize(SessionName.LONGEST)
        .isEqualTo("liquibase waits for migration (~-deployment-7d9f8b6c5d-x2x7k:1)");
  }

  static Stream<SessionName> manyNames() {
    List<String> applications =
        List.of(
            "",
            "flyway",
            "an application of many words",
            "größe",
            "\u0000\n",
            "💡💡💡💡💡💡💡💡💡");
    List<String> hosts =
        List.of(
            "",
            "h",
            "web-1",
            "x".repeat(63),
            "x".repeat(1000),
            "größe-".repeat(10),
            "💡".repeat(40));
    long[] pids = {0, 1, 4_194_304, 4_294_967_295L};
    return applications.stream()
        .flatMap(
            application ->
                hosts.stream()
                    .flatMap(
                        host ->
                            java.util.Arrays.stream(pids)
                                .mapToObj(pid -> new SessionName(application, host, pid))));
  }

  @ParameterizedTest
  @MethodSource("manyNames")
  void shouldAlwaysFitAndBePrintable(SessionName name) {
    for (String key :
        List.of("k", "migration", "x".repeat(100), "größe", "💡".repeat(30), "a\nb")) {
      for (String text :
          List.of(name.holding(LockKey.named(key)), name.waiting(LockKey.named(key)))) {
        assertThat(text.getBytes(StandardCharsets.UTF_8))
            .hasSizeLessThanOrEqualTo(SessionName.LONGEST);
        assertThat(text).matches("[ -~]*").endsWith(")");
      }
    }
  }

  @Test
  void shouldNotShortenAHostThatFits() {
    String host = "h".repeat(63 - "app holds 42 (".length() - ":1)".length());

    assertThat(new SessionName("app", host, 1).holding(LockKey.of(42)))
        .isEqualTo("app holds 42 (" + host + ":1)");
    assertThat(new SessionName("app", host + "i", 1).holding(LockKey.of(42)))
        .isEqualTo("app holds 42 (~" + host.substring(2) + "i:1)");
  }

  @Test
  void shouldSayWhereAndWhichProcessItIs() {
    assertThat(new SessionName("app").holding(LockKey.of(42)))
        .matches("app holds 42 \\([ -~]+:" + ProcessHandle.current().pid() + "\\)");
  }

  @Test
  void shouldNotTakeBlanksForAKey() {
    assertThat(SessionName.keyNameIn("x holds   (h:1)")).isEmpty();
  }
}
