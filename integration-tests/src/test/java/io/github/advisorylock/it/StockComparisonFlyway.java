package io.github.advisorylock.it;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.configuration.FluentConfiguration;

/** The rows of the stock comparison for Flyway. */
final class StockComparisonFlyway {

  /** What may differ in any row. */
  static final List<StockComparisonDifference> DIFFERENCES =
      List.of(
          StockComparisonDifference.untilFixed( // not of older releases
              StockComparisonAspect.CONNECTIONS,
              "\\+ search_path = .*, fixed for the session",
              "Flyway restores the search path on the connection that it opens for events before a"
                  + " migration, which it does without the lock only if there is such a callback"),
          StockComparisonDifference.untilFixed( // not of older releases
              StockComparisonAspect.LOG,
              "\\+ .* - Executing Java callback: \\w+ - advisory lock",
              "Flyway from 13.12 on logs every event of a Java callback at INFO: two for a run and two"
                  + " for a migration"),
          StockComparisonDifference.untilFixed(
              StockComparisonAspect.CONNECTIONS,
              "\\+ .* = \\S+, fixed for the session",
              "The lock's connection goes back to the pool with the values of its settings fixed"));

  private StockComparisonFlyway() {}

  /** Where Flyway's connections come from. */
  private interface Source {
    DataSource open(StockComparisonStage stage);
  }

  /** A change of the configuration, and the command. */
  private interface Command {
    void run(FluentConfiguration configuration);
  }

  private static final Command MIGRATE = configuration -> configuration.load().migrate();

  private static final Source URL = stage -> null;

  private static Map<String, Source> sources() {
    Map<String, Source> sources = new LinkedHashMap<>();
    sources.put("URL", URL);
    sources.put("HikariCP", stage -> stage.hikari(config -> {}));
    sources.put("Tomcat", stage -> stage.tomcat(config -> {}));
    sources.put("DBCP2", stage -> stage.dbcp2(config -> {}));
    sources.put("c3p0", stage -> stage.c3p0(config -> {}));
    return sources;
  }

  static List<StockComparisonCase> cases() {
    List<StockComparisonCase> rows = new ArrayList<>();
    sources()
        .forEach(
            (name, source) -> {
              rows.add(two("migrate an empty database, " + name).run(with(source, MIGRATE)));
              rows.add(
                  two("migrate an up-to-date database, " + name)
                      .after(with(URL, MIGRATE))
                      .run(with(source, MIGRATE)));
              rows.add(
                  two("migrate an outdated database, " + name)
                      .after(with(URL, configuration -> MIGRATE.run(configuration.target("1"))))
                      .run(with(source, MIGRATE)));
            });
    rows.addAll(scripts());
    return rows;
  }

  /** Scripts that change the session in which Flyway has its lock and its history with the jars. */
  private static List<StockComparisonCase> scripts() {
    return Stream.of(
            "DISCARD ALL",
            "SELECT pg_advisory_unlock_all()",
            "RESET ALL",
            "SET statement_timeout = '5s'",
            "SET lock_timeout = '5s'",
            "SET search_path = ''",
            "SET ROLE pg_monitor")
        .map(
            statement ->
                StockComparisonCase.of("migrate with " + statement)
                    .file("V1__script.sql", statement + ";")
                    .file(
                        "V2__seen.sql",
                        "CREATE TABLE public.seen AS SELECT current_setting('statement_timeout'),"
                            + " current_setting('lock_timeout') AS l;")
                    .run(with(URL, MIGRATE)))
        .toList();
  }

  private static StockComparisonCase two(String name) {
    return StockComparisonCase.of(name)
        .file("V1__one.sql", "CREATE TABLE one (id int); INSERT INTO one VALUES (1);")
        .file("V2__two.sql", "CREATE TABLE two AS SELECT id FROM one; CREATE INDEX ON two (id);");
  }

  private static StockComparisonCase.Program with(Source source, Command command) {
    return stage -> {
      FluentConfiguration configuration =
          Flyway.configure().locations("filesystem:" + stage.folder());
      DataSource dataSource = source.open(stage);
      if (dataSource == null) {
        configuration.dataSource(stage.url(), stage.user(), stage.password());
      } else {
        configuration.dataSource(dataSource);
      }
      command.run(configuration);
    };
  }
}
