package io.github.advisorylock;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SqlStatesTest {

  private static SQLException failure(String sqlState) {
    return new SQLException("on purpose", sqlState);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "57P01", "57P02", "57P03", "57P05", "08000", "08001", "08003", "08006", "53300", "53200",
        "55P03", "40P01"
      })
  void shouldTryAgainAfterWhatPasses(String sqlState) {
    assertThat(SqlStates.passes(failure(sqlState))).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "3D000", "28000", "28P01", "42501", "25006", "08004", "08P01", "42P05", "26000", "25P02",
        "42883", "57014", "0A000", ""
      })
  void shouldNotTryAgainAfterWhatLasts(String sqlState) {
    assertThat(SqlStates.passes(failure(sqlState))).isFalse();
  }

  @Test
  void shouldNotTryAgainWithoutSqlState() {
    assertThat(SqlStates.passes(new SQLException("pool exhausted"))).isFalse();
    assertThat(SqlStates.of(new SQLException("pool exhausted"))).isEmpty();
  }

  @Test
  void shouldLookBehindAPool() {
    assertThat(SqlStates.of(new SQLException("pool", failure("57P03")))).isEqualTo("57P03");
  }

  @Test
  void shouldPreferTheOuterSqlState() {
    assertThat(SqlStates.of(new SQLException("pool", "08001", failure("57P03"))))
        .isEqualTo("08001");
  }

  @Test
  void shouldIgnoreACauseThatIsNoSqlException() {
    assertThat(SqlStates.of(new SQLException("pool", new IllegalStateException()))).isEmpty();
  }
}
