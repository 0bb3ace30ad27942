package io.github.advisorylock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.sql.SQLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AutoCommitTest {

  @Test
  void shouldSwitchOnAndBringBack() throws SQLException {
    FakeConnection fake = FakeConnection.autoCommit(false);

    AutoCommit scope = AutoCommit.on(fake.connection());
    assertThat(scope.connection().getAutoCommit()).isTrue();
    scope.close();

    assertThat(fake.changes()).containsExactly("autoCommit=true", "autoCommit=false");
  }

  @Test
  void shouldLeaveOnWhatIsOn() throws SQLException {
    FakeConnection fake = FakeConnection.autoCommit(true);

    AutoCommit.on(fake.connection()).close();

    assertThat(fake.changes()).isEmpty();
  }

  @Test
  void shouldNotEndATransactionOfSomebodyElse() throws SQLException {
    FakeConnection fake = FakeConnection.autoCommit(false).inTransaction();

    AutoCommit.unlessInTransaction(fake.connection()).close();

    assertThat(fake.changes()).isEmpty();
  }

  @Test
  void shouldSwitchOnOutsideATransaction() throws SQLException {
    FakeConnection fake = FakeConnection.autoCommit(false);

    AutoCommit.unlessInTransaction(fake.connection()).close();

    assertThat(fake.changes()).containsExactly("autoCommit=true", "autoCommit=false");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void shouldSeeATransactionWithoutChangingAnything(boolean inTransaction) throws SQLException {
    FakeConnection fake = FakeConnection.autoCommit(false).readOnly();
    if (inTransaction) {
      fake.inTransaction();
    }

    assertThat(AutoCommit.isInTransaction(fake.connection())).isEqualTo(inTransaction);
    assertThat(fake.changes()).isEmpty();
  }

  @Test
  void shouldNotTakeAnotherFailureForATransaction() {
    SQLException closed = new SQLException("This connection has been closed.", "08003");
    FakeConnection fake = FakeConnection.autoCommit(false).failingToSetReadOnly(closed);

    assertThatExceptionOfType(SQLException.class)
        .isThrownBy(() -> AutoCommit.unlessInTransaction(fake.connection()))
        .isSameAs(closed);
  }

  @ParameterizedTest
  @ValueSource(strings = {"H2", "MySQL", "Oracle", ""})
  void shouldNotTouchAnotherDatabaseToSeeWhetherItIsSupported(String product) throws SQLException {
    FakeConnection fake = FakeConnection.autoCommit(false).product(product);

    assertThat(Endpoint.of(fake.connection()).postgreSql()).isFalse();
    assertThat(fake.changes()).isEmpty();
  }

  @Test
  void shouldNotFailOnADatabaseThatMindsBeingAsked() throws SQLException {
    FakeConnection fake =
        FakeConnection.autoCommit(true)
            .product("Other")
            .failingToSetReadOnly(new SQLException("not supported", "0A000"));

    assertThat(Endpoint.of(fake.connection()).postgreSql()).isFalse();
  }
}
