package io.github.advisorylock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LockKeyTest {

  /** From {@code printf %s "$name" | sha256sum}: another value would be another lock. */
  @ParameterizedTest
  @CsvSource({
    "migration, 8a6cead4385ed439, -8472138601791040455",
    "flyway, 64e016e1ae0bbb98, 7268834957119437720",
    "größe, d353a2671b67afff, -3219050744914661377",
    "a b, c8687a08aa5d6ed2, -4005817690909479214",
    "tenant_an, 4c47e10e3c91d1b0, 5496609321490960816"
  })
  void shouldHashANameAlwaysToTheSameKey(String name, String firstEightBytes, long value) {
    assertThat(LockKey.named(name).value())
        .isEqualTo(value)
        .isEqualTo(Long.parseUnsignedLong(firstEightBytes, 16));
  }

  @Test
  void shouldNameTheDefaultKeyMigration() {
    assertThat(LockKey.MIGRATION).isEqualTo(LockKey.of(-8472138601791040455L));
    assertThat(LockKey.MIGRATION.name()).isEqualTo("migration");
  }

  /** From {@code (printf '\0\0\0\0\0\0\0\x2a'; printf app) | sha256sum} and the like. */
  @ParameterizedTest
  @CsvSource({
    "42, app, -8754971668966578884",
    "42, App, 6827544352143653901",
    "-1, public, -5781517176549877749",
    "0, größe, -4375503744498842528",
    "-8472138601791040455, app, -5216367967374517008"
  })
  void shouldMixASchemaInAlwaysInTheSameWay(long value, String schema, long expected) {
    assertThat(LockKey.of(value).within(schema).value()).isEqualTo(expected);
  }

  @Test
  void shouldNameTheSchemaInTheKeyWithinIt() {
    assertThat(LockKey.named("billing").within("app").name()).isEqualTo("billing@app");
  }

  @Test
  void shouldTellNamesApartThatJavaHashesAlike() {
    assertThat("tenant_an").hasSameHashCodeAs("tenant_c0");
    assertThat(LockKey.named("tenant_an")).isNotEqualTo(LockKey.named("tenant_c0"));
  }

  @Test
  void shouldBeEqualByValueWhateverTheName() {
    assertThat(LockKey.of(42))
        .isEqualTo(new LockKey(42, "answer"))
        .hasSameHashCodeAs(new LockKey(42, "answer"))
        .isNotEqualTo(new LockKey(43, "42"))
        .isNotEqualTo(null);
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0, 0",
    "1, 0, 1",
    "-1, 4294967295, 4294967295",
    "4294967295, 0, 4294967295",
    "4294967296, 1, 0",
    "-9223372036854775808, 2147483648, 0",
    "9223372036854775807, 2147483647, 4294967295"
  })
  void shouldSplitIntoUnsignedHalves(long value, long classId, long objectId) {
    assertThat(LockKey.of(value))
        .returns(classId, LockKey::classId)
        .returns(objectId, LockKey::objectId);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "\t\n"})
  void shouldRefuseABlankName(String name) {
    assertThatIllegalArgumentException().isThrownBy(() -> LockKey.named(name));
    assertThatIllegalArgumentException().isThrownBy(() -> new LockKey(1, name));
  }

  @Test
  void shouldShowNameAndNumber() {
    assertThat(LockKey.MIGRATION).hasToString("migration (-8472138601791040455)");
  }

  @ParameterizedTest
  @ValueSource(longs = {0, -1, Long.MIN_VALUE, Long.MAX_VALUE})
  void shouldShowANumberWithoutNameOnce(long value) {
    assertThat(LockKey.of(value)).hasToString(Long.toString(value));
  }

  @Test
  void shouldSpreadOverAHashTable() {
    assertThat(LockKey.of(1)).doesNotHaveSameHashCodeAs(LockKey.of(2));
    assertThat(LockKey.of(1)).hasSameHashCodeAs(new LockKey(1, "one"));
  }

  @Test
  void shouldHaveWrittenDownWhatItWouldCalculate() {
    assertThat(LockKey.MIGRATION).isEqualTo(LockKey.named("migration"));
    assertThat(LockKey.of(0).forWork()).isEqualTo(LockKey.named("work"));
    assertThat(LockKey.of(0).forWaiting()).isEqualTo(LockKey.named("wait"));
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 42, -1, Long.MIN_VALUE, Long.MAX_VALUE})
  void shouldShareOtherKeysForWorkAndWaiting(long value) {
    LockKey key = new LockKey(value, "any");

    assertThat(key.forWork().name()).isEqualTo("any/work");
    assertThat(key.forWaiting().name()).isEqualTo("any/wait");
    assertThat(Set.of(key, key.forWork(), key.forWaiting())).hasSize(3);
    assertThat(key.forWork().forWork()).isEqualTo(key);
  }
}
