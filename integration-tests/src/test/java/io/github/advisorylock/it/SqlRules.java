package io.github.advisorylock.it;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Finds names in SQL that the server would look up in the search path, where another role may have
 * created objects. Reads statements and parts of them.
 */
final class SqlRules {

  private static final String STRING = "(?s)'(?:[^']|'')*'";
  private static final String QUALIFIED =
      "(?i)operator\\s*\\(\\s*pg_catalog\\.[-+*/<>=~!@#%^&|`?]+\\s*\\)";

  /** What stands for an operator once it is known to be qualified. */
  private static final String OPERATOR = " OPERATOR ";

  /** Types of the grammar, which the server does not look up. */
  private static final String KEYWORD_TYPES =
      "bigint|int|integer|smallint|boolean|bit|varchar|real|float|numeric|decimal|timestamp|time|interval";

  /** Not functions, or functions of the grammar, which the server does not look up. */
  private static final String KEYWORDS =
      "and|any|all|array|as|by|coalesce|exists|extract|from|in|join|lateral|not|on|or|select|then|union|values|when|where|else|case|row"
          + "|operator|"
          + KEYWORD_TYPES;

  private static final Map<String, Pattern> FORBIDDEN = new LinkedHashMap<>();

  static {
    forbid("IN", "\\bin\\s*\\(");
    forbid("CASE with an operand", "\\bcase\\s+(?!when\\b)");
    forbid("USING", "\\busing\\b");
    forbid("NATURAL JOIN", "\\bnatural\\b");
    forbid("IS DISTINCT FROM", "\\bis\\s+(not\\s+)?distinct\\b");
    forbid("LIKE", "\\b(i?like|similar)\\b");
    forbid("BETWEEN", "\\bbetween\\b");
    forbid("NULLIF", "\\bnullif\\b");
    forbid("OVERLAPS", "\\boverlaps\\b");
    forbid("a comparison of rows", "(?<![\\w\"])\\([^()]*,[^()]*\\)\\s*OPERATOR|\\brow\\s*\\(");
    forbid("a type without schema", "::\\s*(?!(?:" + KEYWORD_TYPES + ")\\b|pg_catalog\\.)[\\w\"]+");
    forbid("a type without schema", "\\bcast\\s*\\(");
    forbid(
        "a function without schema",
        "(?<![\\w.])(?!(?:" + KEYWORDS + ")\\b)(?<!\\) )(?<!\\)\\) )[a-z_]\\w*\\(");
    forbid("a relation without schema", "\\b(?:from|join)\\s+(?:pg_(?!catalog\\.)\\w+)");
    forbid("a bare operator", "[-+*/<>=~!@#%^&|]+");
  }

  private SqlRules() {}

  private static void forbid(String what, String pattern) {
    FORBIDDEN.put(what + FORBIDDEN.size(), Pattern.compile("(?i)" + pattern));
  }

  /** What is wrong with it, each with the text that is; empty if nothing is. */
  static List<String> violations(String sql) {
    String text =
        sql.replaceAll("(?m)--.*$", " ")
            .replaceAll(STRING, "''")
            .replaceAll("%(\\d\\$)?[sdn]", SourceTexts.GAP)
            .replaceAll(QUALIFIED, OPERATOR)
            .replaceAll("(?i)\\bset\\s+(local\\s+)?[\\w.]+\\s*=", "set ")
            .replaceAll("(?i)(\\bselect |\\w\\.|count\\()\\*", "$1")
            .replaceAll("([(,]\\s*|\\bselect\\s+)-(?=\\d)", "$1")
            .replaceAll("\\s+", " ");
    List<String> violations = new ArrayList<>();
    FORBIDDEN.forEach(
        (what, pattern) -> {
          Matcher matcher = pattern.matcher(text);
          while (matcher.find()) {
            violations.add(what.replaceAll("\\d+$", "") + ": " + matcher.group().strip());
          }
        });
    return violations;
  }
}
