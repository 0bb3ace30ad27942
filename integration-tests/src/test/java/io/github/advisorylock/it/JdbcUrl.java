package io.github.advisorylock.it;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A pgjdbc URL that can be pointed at another database or given one more parameter. */
record JdbcUrl(String server, String database, String parameters) {
  private static final Pattern FORM =
      Pattern.compile("(jdbc:postgresql://[^/]+/)([^?]*)(?:\\?(.*))?");

  static JdbcUrl parse(String url) {
    Matcher form = FORM.matcher(url);
    if (!form.matches()) {
      throw new IllegalArgumentException(
          "Not of the form jdbc:postgresql://host:port/database?parameters: " + url);
    }
    return new JdbcUrl(form.group(1), form.group(2), form.group(3) == null ? "" : form.group(3));
  }

  JdbcUrl withDatabase(String name) {
    return new JdbcUrl(server, name, parameters);
  }

  JdbcUrl with(String parameter, String value) {
    String added = parameter + "=" + value;
    return new JdbcUrl(server, database, parameters.isEmpty() ? added : parameters + "&" + added);
  }

  @Override
  public String toString() {
    return server + database + (parameters.isEmpty() ? "" : "?" + parameters);
  }
}
