package io.github.advisorylock.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.advisorylock.LockHolder;
import io.github.advisorylock.LockKey;
import io.github.advisorylock.LockStatus;
import io.github.advisorylock.ServerSession;
import java.util.List;
import org.junit.jupiter.api.Test;

class StatusJsonTest {

  private static JsonObject parsed(LockStatus status) {
    return JsonParser.parseString(StatusJson.of(status)).getAsJsonObject();
  }

  private static JsonObject first(JsonObject lock, String part) {
    return lock.getAsJsonArray(part).get(0).getAsJsonObject();
  }

  @Test
  void shouldPrintWhatTheManualShows() {
    assertThat(Examples.manual()).contains("```json\n" + StatusJson.of(Examples.held()) + "\n```");
  }

  @Test
  void shouldKeepEveryDigitOfAKey() {
    LockKey key = LockKey.of(Long.MIN_VALUE);

    assertThat(
            parsed(new LockStatus(key, List.of(), List.of(), List.of())).get("key").getAsString())
        .isEqualTo("-9223372036854775808");
  }

  @Test
  void shouldSayWhetherALockIsFree() {
    assertThat(parsed(Examples.free()).get("free").getAsBoolean()).isTrue();
    assertThat(parsed(Examples.held()).get("free").getAsBoolean()).isFalse();
  }

  @Test
  void shouldSayNullForWhatIsHidden() {
    JsonObject waiter = first(parsed(Examples.held()), "waiters");

    assertThat(waiter.get("pid").getAsInt()).isEqualTo(25467);
    assertThat(
            List.of(
                waiter.get("clientAddress"),
                waiter.get("connectedSince"),
                waiter.get("state"),
                waiter.get("stateForSeconds"),
                waiter.get("statement")))
        .containsOnly(JsonNull.INSTANCE);
  }

  @Test
  void shouldSayNullForThePidOfAPreparedTransaction() {
    LockKey key = LockKey.of(42);
    LockHolder prepared =
        new LockHolder(key, new ServerSession(0, "", "", null, null, null, null, null));
    JsonObject lock = parsed(new LockStatus(key, List.of(prepared), List.of(), List.of()));

    assertThat(first(lock, "holders").get("pid")).isEqualTo(JsonNull.INSTANCE);
  }

  @Test
  void shouldEscapeWhateverASessionSays() {
    String name = "a \"b\" \\ \u001b[2J \n </script> größe \u2028";
    LockKey key = LockKey.named("\"key\"");
    LockStatus status =
        new LockStatus(
            key, List.of(Examples.session(key, 1, name, "idle", 0, "")), List.of(), List.of());

    assertThat(first(parsed(status), "holders").get("applicationName").getAsString())
        .isEqualTo(name);
    assertThat(parsed(status).get("name").getAsString()).isEqualTo("\"key\"");
    assertThat(Lines.harmless(StatusJson.of(status))).isEqualTo(StatusJson.of(status));
  }

  @Test
  void shouldNotShowAPassword() {
    LockKey key = LockKey.of(42);
    LockHolder holder =
        Examples.session(key, 1, "psql", "active", 5, "alter role app password 's3cret'");

    assertThat(StatusJson.of(new LockStatus(key, List.of(holder), List.of(), List.of())))
        .doesNotContain("s3cret");
  }

  @Test
  void shouldWriteAnArrayForAll() {
    JsonArray all =
        JsonParser.parseString(StatusJson.of(List.of(Examples.held(), Examples.free())))
            .getAsJsonArray();

    assertThat(all)
        .map(JsonElement::getAsJsonObject)
        .map(lock -> lock.get("free").getAsBoolean())
        .containsExactly(false, true);
  }
}
