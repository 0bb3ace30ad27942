package io.github.advisorylock.it;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.source.tree.AnnotationTree;
import com.sun.source.tree.BinaryTree;
import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.IdentifierTree;
import com.sun.source.tree.LiteralTree;
import com.sun.source.tree.MemberSelectTree;
import com.sun.source.tree.MethodInvocationTree;
import com.sun.source.tree.ParenthesizedTree;
import com.sun.source.tree.Tree;
import com.sun.source.tree.Tree.Kind;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreeScanner;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/**
 * The texts in the sources of what is published that somebody may get to read in a message or a
 * log, above debug level: each as the compiler sees it, with {@value #GAP} for what is put in.
 */
final class SourceTexts extends TreeScanner<Void, Void> {
  static final String GAP = "…";

  private static final List<String> MODULES =
      List.of(
          "common-lock", "flyway-advisory-lock", "liquibase-advisory-lock", "advisory-lock-cli");

  /** SQL, and descriptions for {@code --help} and for metrics. */
  private static final Set<String> WITHOUT_MESSAGES =
      Set.of("LockSql", "HistoryTable", "AdvisoryLockConfiguration", "LockMeters");

  private static final String PLACEHOLDER = "%[sdn]";

  /** Nothing but SQL, and what is not SQL in it. */
  private static final Set<String> SQL_ONLY = Set.of("LockSql.java", "HistoryTable.java");

  private static final Pattern NOT_SQL =
      Pattern.compile(
          ".*\\\\.*|\\[.*|[A-Za-z_, .]*|(The|permission denied for) .*|DESCRIPTION.*",
          Pattern.DOTALL);

  /** SQL among other texts. */
  private static final Pattern SQL =
      Pattern.compile("(?i)select .*(;| from )|operator\\(|.*\\bpg_catalog\\.\\w+\\(.*");

  private static final Pattern IN_JAVADOC = Pattern.compile("\\{@code[\\s*]+(select [^}]*)}");

  private final Set<String> skipped;
  private final Set<String> found = new TreeSet<>();

  /** The conditions of statements that Liquibase puts together. */
  private final Set<String> conditions = new TreeSet<>();

  private SourceTexts(Set<String> skipped) {
    this.skipped = skipped;
  }

  /** Without SQL. */
  static Set<String> find() {
    return scan(new SourceTexts(WITHOUT_MESSAGES), sources());
  }

  /** The statements and parts of statements, those for people included. */
  static Set<String> sql() {
    Set<String> all = new TreeSet<>();
    SourceTexts texts = new SourceTexts(Set.of());
    scan(texts, sources()).stream().filter(text -> SQL.matcher(text).find()).forEach(all::add);
    all.addAll(texts.conditions);
    scan(new SourceTexts(Set.of()), sources().stream().filter(SourceTexts::isSqlOnly).toList())
        .stream()
        .filter(text -> !NOT_SQL.matcher(text).matches())
        .forEach(all::add);
    for (Path source : sources()) {
      IN_JAVADOC
          .matcher(read(source))
          .results()
          .map(match -> match.group(1).replaceAll("\\s+\\*?\\s*", " ").strip())
          .forEach(all::add);
    }
    return all;
  }

  private static boolean isSqlOnly(Path source) {
    return SQL_ONLY.contains(source.getFileName().toString());
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Set<String> scan(SourceTexts texts, List<Path> sources) {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, UTF_8)) {
      JavacTask task =
          (JavacTask)
              compiler.getTask(
                  null,
                  files,
                  null,
                  List.of("-proc:none"),
                  null,
                  files.getJavaFileObjectsFromPaths(sources));
      for (CompilationUnitTree source : task.parse()) {
        texts.scan(source, null);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return texts.found;
  }

  private static List<Path> sources() {
    return MODULES.stream()
        .flatMap(module -> sources(Path.of("..", module, "src", "main", "java")))
        .toList();
  }

  private static Stream<Path> sources(Path folder) {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(file -> file.toString().endsWith(".java")).toList().stream();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void add(String text) {
    found.add(text.replaceAll(PLACEHOLDER, GAP).replaceAll("\\s+", " "));
  }

  @Override
  public Void visitClass(ClassTree type, Void unused) {
    return skipped.contains(type.getSimpleName().toString()) ? null : super.visitClass(type, null);
  }

  /** Those are for help texts and events. */
  @Override
  public Void visitAnnotation(AnnotationTree annotation, Void unused) {
    return null;
  }

  @Override
  public Void visitMethodInvocation(MethodInvocationTree call, Void unused) {
    if (nameOf(call.getMethodSelect()).equals("setWhereClause")) {
      SourceTexts arguments = new SourceTexts(Set.of());
      arguments.scan(call.getArguments(), null);
      conditions.addAll(arguments.found);
    }
    return isForDebugging(call) ? null : super.visitMethodInvocation(call, null);
  }

  private static boolean isForDebugging(MethodInvocationTree call) {
    return switch (nameOf(call.getMethodSelect())) {
      case "debug", "fine" -> true;
      case "log" -> !call.getArguments().toString().contains("WARNING");
      default -> false;
    };
  }

  private static String nameOf(Tree method) {
    if (method instanceof MemberSelectTree select) {
      return select.getIdentifier().toString();
    }
    return method instanceof IdentifierTree name ? name.getName().toString() : "";
  }

  @Override
  public Void visitLiteral(LiteralTree literal, Void unused) {
    if (literal.getValue() instanceof String text) {
      add(text);
    }
    return null;
  }

  @Override
  public Void visitBinary(BinaryTree sum, Void unused) {
    if (sum.getKind() != Kind.PLUS) {
      return super.visitBinary(sum, null);
    }
    StringBuilder text = new StringBuilder();
    append(sum, text);
    add(text.toString());
    return null;
  }

  private void append(Tree part, StringBuilder text) {
    if (part instanceof BinaryTree sum && sum.getKind() == Kind.PLUS) {
      append(sum.getLeftOperand(), text);
      append(sum.getRightOperand(), text);
    } else if (part instanceof ParenthesizedTree inner) {
      append(inner.getExpression(), text);
    } else if (part instanceof LiteralTree literal && literal.getValue() instanceof String string) {
      text.append(string);
    } else {
      text.append(GAP);
      scan(part, null);
    }
  }
}
