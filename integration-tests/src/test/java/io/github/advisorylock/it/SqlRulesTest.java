package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** No SQL of the sources and the manual depends on the search path. */
class SqlRulesTest {

  /** Texts that describe what the code executes, and are not statements to execute. */
  static final String NOT_THE_MANUAL =
      ".*/docs/(decisions|model)/.*|.*(CHANGELOG|CONTRIBUTING|internals)\\.md";

  /** Statements begin so. */
  private static final String STATEMENT =
      "(?:select|update|delete|insert|drop|alter|create|grant|revoke|with|set|show)\\b";

  /** A name of a statement, and not one: {@code CREATE INDEX CONCURRENTLY}. */
  private static final String JUST_A_NAME = "[A-Z ]+";

  static Set<String> sources() {
    return SourceTexts.sql();
  }

  /** Blocks of SQL, and statements within the text of a page. */
  static List<String> manual() {
    return Manual.all().stream()
        .filter(page -> !page.toString().matches(NOT_THE_MANUAL))
        .flatMap(
            page ->
                Stream.concat(
                    page.blocks("sql").stream(),
                    page.find("`((?i:" + STATEMENT + ") [^`]*)`").stream()
                        .filter(statement -> !statement.matches(JUST_A_NAME))))
        .toList();
  }

  @Test
  void shouldFindTheStatements() {
    assertThat(sources())
        .hasSizeGreaterThan(40)
        .anyMatch(sql -> sql.contains("pg_terminate_backend(l.pid)"))
        .anyMatch(sql -> sql.contains("pg_attribute"))
        .anyMatch(sql -> sql.contains("NOT LOCKED"))
        .anyMatch(sql -> sql.contains("pg_prepared_xacts;"))
        .anyMatch(sql -> sql.contains("int8send(42)"));
    assertThat(manual())
        .hasSizeGreaterThan(8)
        .anyMatch(sql -> sql.contains("pg_advisory_lock"))
        .anyMatch(sql -> sql.contains("backend_xmin"));
  }

  @ParameterizedTest
  @MethodSource("sources")
  void shouldNameTheSchemaOfEverythingInTheSources(String sql) {
    assertThat(SqlRules.violations(sql)).as(sql).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("manual")
  void shouldNameTheSchemaOfEverythingInTheManual(String sql) {
    assertThat(SqlRules.violations(sql)).as(sql).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("manual")
  void shouldEndEachStatementOfTheManual(String sql) {
    assertThat(sql.strip()).endsWith(";");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '`',
      value = {
        "a.x = b.y ; a bare operator",
        "'x' || 1::pg_catalog.oid ; a bare operator",
        "k.key >> 32 ; a bare operator",
        "a - b ; a bare operator",
        "a operator(public.=) b ; a bare operator",
        "l.pid in (1, 2) ; IN",
        "l.pid not in (select 1) ; IN",
        "case l.mode when 'x' then 1 end ; CASE with an operand",
        "join pg_catalog.pg_locks l using (pid) ; USING",
        "order by x using OPERATOR ; USING",
        "a natural join b ; NATURAL JOIN",
        "a is distinct from b ; IS DISTINCT FROM",
        "a is not distinct from b ; IS DISTINCT FROM",
        "a.state like 'idle' ; LIKE",
        "a ilike b ; LIKE",
        "a not similar to b ; LIKE",
        "a between 1 and 2 ; BETWEEN",
        "nullif(a, b) ; NULLIF",
        "(a, b) operator(pg_catalog.=) (c, d) ; a comparison of rows",
        "a::text ; a type without schema",
        "cast(a as text) ; a type without schema",
        "select pg_terminate_backend(1) ; a function without schema",
        "select 1 from pg_locks ; a relation without schema",
        "select 1 from a join pg_stat_activity b ; a relation without schema"
      })
  void shouldFindWhatDependsOnTheSearchPath(String sql, String expected) {
    assertThat(SqlRules.violations(sql)).anyMatch(found -> found.startsWith(expected + ":"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "select a.*, pg_catalog.count(*) from pg_catalog.pg_locks a",
        "select pg_catalog.pg_advisory_lock(-8472138601791040455)",
        "set local lock_timeout = '1min'",
        "case when a then 'a = b' end -- a = b",
        "a::bigint operator(pg_catalog.#) b::pg_catalog.int8",
        "from (values (?::bigint)) k(key) where exists (select from pg_catalog.pg_locks)"
      })
  void shouldAcceptWhatDoesNot(String sql) {
    assertThat(SqlRules.violations(sql)).isEmpty();
  }
}
