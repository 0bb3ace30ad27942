package io.github.advisorylock.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.advisorylock.LockHolder;
import io.github.advisorylock.LockKey;
import io.github.advisorylock.LockStatus;
import io.github.advisorylock.ServerSession;
import java.util.List;
import org.junit.jupiter.api.Test;

class StatusTableTest {

  @Test
  void shouldPrintWhatTheManualShows() {
    assertThat(Examples.manual()).contains("```\n" + StatusTable.of(Examples.held()) + "\n```");
  }

  @Test
  void shouldAlignEveryColumn() {
    List<String> lines = StatusTable.of(Examples.held()).lines().skip(2).toList();

    assertThat(lines).hasSize(4);
    for (String title : List.of("PID", "APPLICATION", "ROLE", "ADDRESS", "CONNECTED", "STATE")) {
      int column = lines.get(0).indexOf(title);
      assertThat(lines)
          .allSatisfy(line -> assertThat(line.substring(column - 2, column)).isBlank())
          .allSatisfy(line -> assertThat(line.charAt(column)).isNotEqualTo(' '));
    }
  }

  @Test
  void shouldSayInOneLineThatALockIsFree() {
    assertThat(StatusTable.of(Examples.free()))
        .isEqualTo("The advisory lock migration (-8472138601791040455) is free");
  }

  @Test
  void shouldSayThatALockIsFreeAlsoIfSomebodyIsAboutToTakeIt() {
    LockKey key = LockKey.of(42);
    LockStatus status =
        new LockStatus(
            key, List.of(), List.of(), List.of(Examples.ofOtherRole(key.forWaiting(), 7)));

    assertThat(StatusTable.of(status))
        .startsWith("The advisory lock 42 is free\n")
        .contains("waits");
  }

  @Test
  void shouldNotCallALockFreeUnderWhichSomebodyWorks() {
    LockKey key = LockKey.of(42);
    LockStatus status =
        new LockStatus(key, List.of(), List.of(Examples.ofOtherRole(key.forWork(), 7)), List.of());

    assertThat(StatusTable.of(status))
        .startsWith(
            "The advisory lock 42 is not held, but nobody begins before the work for an earlier"
                + " holder has ended\n");
  }

  @Test
  void shouldNotShowTheLastStatementOfAnIdleSession() {
    assertThat(StatusTable.of(Examples.held())).doesNotContain("select exists");
  }

  @Test
  void shouldShowThatAPreparedTransactionHasNoPid() {
    LockKey key = LockKey.of(42);
    LockHolder prepared =
        new LockHolder(key, new ServerSession(0, "", "", null, null, null, null, null));

    assertThat(
            StatusTable.of(new LockStatus(key, List.of(prepared), List.of(), List.of()))
                .lines()
                .skip(3))
        .singleElement()
        .asString()
        .matches("holds  -    a prepared transaction \\(see pg_prepared_xacts\\)  -.*");
  }

  @Test
  void shouldNotLetTheDatabaseControlTheTerminal() {
    assertThat(Lines.harmless("a\u001b[2Jb\u0007c\rd\u009be\nf")).isEqualTo("a?[2Jb?c?d?e\nf");
    assertThat(Lines.harmless("a\u2028b\u202ec\u200bd")).isEqualTo("a?b?c?d");
    assertThat(Lines.harmless("größe … \ud83d\ude00")).isEqualTo("größe … \ud83d\ude00");
  }

  @Test
  void shouldKeepInOneCellWhatHasLinesAndColumns() {
    assertThat(Lines.oneLine(" a\nb  c\u202ed ")).isEqualTo("a b c?d");
  }

  @Test
  void shouldEscapeInJsonWhatControlsATerminal() {
    assertThat(Lines.escaped("{\n\"a\": \"\u202e\u0085\ud83d\ude00\"}"))
        .isEqualTo("{\n\"a\": \"\\u202e\\u0085\ud83d\ude00\"}");
  }
}
