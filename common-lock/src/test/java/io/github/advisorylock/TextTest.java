package io.github.advisorylock;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import java.time.Duration;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TextTest {

  @ParameterizedTest
  @CsvSource({
    "PT0S, 0 ms",
    "PT0.000999S, 0 ms",
    "PT0.85S, 850 ms",
    "PT0.999999S, 999 ms",
    "PT1S, 1.0 s",
    "PT12.345S, 12.3 s",
    "PT59.9S, 59.9 s",
    "PT1M, 1 min",
    "PT1M30S, 90.0 s",
    "PT5M, 5 min",
    "PT5M0.001S, 300.0 s",
    "PT24H, 1440 min"
  })
  void shouldWriteDurationsAsPeopleReadThem(Duration duration, String expected) {
    assertThat(Text.of(duration)).isEqualTo(expected);
  }

  @Test
  void shouldWriteTheLongestDuration() {
    assertThat(Text.of(RetryPolicy.NO_TIMEOUT)).endsWith(" s");
  }

  @Test
  void shouldWriteDurationsAlikeEverywhere() {
    Locale before = Locale.getDefault();
    Locale.setDefault(Locale.GERMANY);
    try {
      assertThat(Text.of(Duration.ofMillis(12_345))).isEqualTo("12.3 s");
    } finally {
      Locale.setDefault(before);
    }
  }

  @ParameterizedTest
  @CsvSource({"0, 0 tries in 2.0 s", "1, 1 try in 2.0 s", "2, 2 tries in 2.0 s"})
  void shouldCountTries(int attempts, String expected) {
    assertThat(Text.triesAndTime(attempts, Duration.ofSeconds(2))).isEqualTo(expected);
  }

  @Test
  void shouldPutAFailureOnOneLine() {
    assertThat(Text.of(new SQLException(" ERROR: no\n  Hint: yes ", "42501")))
        .isEqualTo("ERROR: no Hint: yes [SQLSTATE 42501]");
  }

  @Test
  void shouldLeaveOutAnSqlStateThatIsNotThere() {
    assertThat(Text.of(new SQLException("no"))).isEqualTo("no");
  }

  @Test
  void shouldCopeWithAFailureThatSaysNothing() {
    assertThat(Text.of(new SQLException(null, "08006"))).isEqualTo("null [SQLSTATE 08006]");
  }

  @Test
  void shouldLeaveALineAsItIs() {
    assertThat(Text.oneLine(" \"a\"  'b' \ud83d\ude80 é "))
        .isEqualTo(" \"a\"  'b' \ud83d\ude80 é ");
  }

  @Test
  void shouldWriteOneSpaceForWhateverBreaksALine() {
    assertThat(Text.oneLine("a\r\n\tb\u001bc\u2028d\u202e")).isEqualTo("a b c d ");
  }

  @Test
  void shouldNotKeepHalfACharacter() {
    assertThat(Text.oneLine("a\ud83d")).isEqualTo("a ");
  }
}
