package io.github.advisorylock;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SecretsTest {

  @ParameterizedTest
  @CsvSource({
    "jdbc:postgresql://h/d?password=x, jdbc:postgresql://h/d?password=***",
    "jdbc:postgresql://h/d?PASSWORD=x&a=b, jdbc:postgresql://h/d?PASSWORD=***&a=b",
    "jdbc:postgresql://h/d?a=b&sslpassword=x;c=d, jdbc:postgresql://h/d?a=b&sslpassword=***;c=d",
    "jdbc:postgresql://h/d?password=, jdbc:postgresql://h/d?password=***",
    "jdbc:x://h/d?clientSecret=x&accessToken=y, jdbc:x://h/d?clientSecret=***&accessToken=***",
    "jdbc:postgresql://u:p@h:1/d, jdbc:postgresql://u:***@h:1/d",
    "jdbc:postgresql://u:p@q@h:1/d, jdbc:postgresql://u:***@h:1/d",
    "jdbc:postgresql://u:p/q@h:1/d, jdbc:postgresql://u:***@h:1/d",
    "jdbc:postgresql://u:p?q@h:1/d, jdbc:postgresql://u:***@h:1/d",
    "jdbc:postgresql://u:p@h/d?password=x@y&a=b, jdbc:postgresql://u:***@h/d?password=***&a=b",
    "jdbc:postgresql://u:@h/d, jdbc:postgresql://u:***@h/d",
    "jdbc:postgresql://u:1234@h/d, jdbc:postgresql://u:***@h/d",
    "'jdbc:postgresql://h:1,u:p@i:2/d', 'jdbc:postgresql://h:1,u:***@i:2/d'",
    "'jdbc:postgresql://u:1,p@i:2/d', 'jdbc:postgresql://u:***@i:2/d'"
  })
  void shouldMaskPasswords(String url, String expected) {
    assertThat(Secrets.withoutPassword(url)).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "jdbc:postgresql:d",
        "jdbc:postgresql://h/d",
        "jdbc:postgresql://h:5432/d?user=u&ssl=true",
        "jdbc:postgresql://h:5432/d?user=u@tenant",
        "jdbc:postgresql://h:5432,i:5433/d?targetServerType=primary",
        "jdbc:postgresql://[::1]:5432/d",
        "jdbc:postgresql://u@h/d"
      })
  void shouldLeaveTheRestAsItIs(String url) {
    assertThat(Secrets.withoutPassword(url)).isEqualTo(url);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "jdbc:postgresql://u:p@h/d",
        "jdbc:postgresql://u:p@h:1/d",
        "jdbc:postgresql://u:1234@h:1/d",
        "jdbc:postgresql://u:p@q@h:1/d",
        "jdbc:postgresql://u:p/q@h:1/d",
        "jdbc:postgresql://u:p?q@h:1/d",
        "jdbc:postgresql://u:@h/d",
        "jdbc:postgresql://u@h/d?user=u@tenant",
        "jdbc:postgresql://h:1,u:p@i:2/d",
        "jdbc:postgresql://u:p@[::1]:1/d",
        "jdbc:wrapper:postgresql://u:p@h/d"
      })
  void shouldSeeAUserBeforeTheHost(String url) {
    assertThat(Secrets.hasUserBeforeHost(url)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "jdbc:postgresql:d",
        "jdbc:postgresql:d?user=u@tenant",
        "jdbc:postgresql://h/d",
        "jdbc:postgresql://h/d@e",
        "jdbc:postgresql:///d?user=u@tenant",
        "jdbc:postgresql://h?user=u@tenant",
        "jdbc:postgresql://h:5432?user=u@tenant",
        "jdbc:postgresql://h:5432/d?user=u@tenant&password=//u:p@h",
        "jdbc:postgresql://h:5432,i:5433/d?user=u@tenant",
        "jdbc:postgresql://h:port/d?user=u@tenant",
        "jdbc:postgresql://[::1]:5432/d?user=u@tenant",
        "jdbc:wrapper:postgresql://h:5432/d?user=u@tenant"
      })
  void shouldTakeAnAtElsewhereForWhatItIs(String url) {
    assertThat(Secrets.hasUserBeforeHost(url)).isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "alter role app password 'x', true",
    "ALTER ROLE app PASSWORD 'x', true",
    "create table orders (id int), false"
  })
  void shouldSuspectStatementsThatMentionAPassword(String statement, boolean suspect) {
    assertThat(Secrets.mayHoldPassword(statement)).isEqualTo(suspect);
  }
}
