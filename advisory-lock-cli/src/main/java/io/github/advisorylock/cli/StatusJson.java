package io.github.advisorylock.cli;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.advisorylock.LockHolder;
import io.github.advisorylock.LockStatus;
import io.github.advisorylock.ServerSession;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A status for programs: what is hidden is null. */
final class StatusJson {

  private static final Gson GSON =
      new GsonBuilder().setPrettyPrinting().serializeNulls().disableHtmlEscaping().create();

  private StatusJson() {}

  static String of(LockStatus status) {
    return Lines.escaped(GSON.toJson(lock(status)));
  }

  static String of(List<LockStatus> all) {
    return Lines.escaped(GSON.toJson(array(all, StatusJson::lock)));
  }

  private static JsonObject lock(LockStatus status) {
    JsonObject lock = new JsonObject();
    lock.addProperty("name", status.key().name());
    // Text, since not every reader of JSON keeps all digits of such a number.
    lock.addProperty("key", Long.toString(status.key().value()));
    lock.addProperty("free", status.isFree());
    lock.add("holders", array(status.holders(), StatusJson::session));
    lock.add("workers", array(status.workers(), StatusJson::session));
    lock.add("waiters", array(status.waiters(), StatusJson::session));
    return lock;
  }

  private static <T> JsonArray array(List<T> elements, Function<T, JsonElement> toJson) {
    JsonArray array = new JsonArray();
    elements.forEach(element -> array.add(toJson.apply(element)));
    return array;
  }

  private static JsonObject session(LockHolder holder) {
    ServerSession session = holder.session();
    JsonObject json = new JsonObject();
    json.addProperty("pid", session.pid() == 0 ? null : session.pid());
    json.addProperty("applicationName", nullIfEmpty(session.applicationName()));
    json.addProperty("role", nullIfEmpty(session.user()));
    json.addProperty("clientAddress", session.clientAddress());
    json.addProperty("connectedSince", text(session.connectedSince()));
    json.addProperty("state", session.state());
    json.addProperty("stateForSeconds", seconds(session.stateFor()));
    json.addProperty("statement", nullIfEmpty(session.describeQuery()));
    return json;
  }

  private static @Nullable String nullIfEmpty(String text) {
    return text.isEmpty() ? null : text;
  }

  private static @Nullable String text(@Nullable Instant time) {
    return time == null ? null : time.toString();
  }

  private static @Nullable Double seconds(@Nullable Duration duration) {
    return duration == null ? null : duration.toMillis() / 1_000.0;
  }
}
