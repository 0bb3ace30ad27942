package io.github.advisorylock.it;

import io.github.advisorylock.flyway.FlywaySettingsProbe;
import io.github.advisorylock.liquibase.LiquibaseSettingsProbe;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The released jar of an adapter with one service more, which prints the settings as the adapter
 * finds them, wherever the tool runs.
 */
public final class SettingsProbe {

  /** What each line begins with that a probe prints; name and value follow. */
  public static final String MARK = "setting as read: ";

  private SettingsProbe() {}

  /** The settings that the adapter has. */
  static List<String> names(Tool tool) {
    return tool == Tool.FLYWAY ? FlywaySettingsProbe.names() : LiquibaseSettingsProbe.names();
  }

  /** What the adapter makes of settings, if they are all that is set. */
  static Object understood(Tool tool, Map<String, String> settings) throws Exception {
    return tool == Tool.FLYWAY
        ? FlywaySettingsProbe.understood(settings)
        : LiquibaseSettingsProbe.understood(settings);
  }

  /** Makes the jar in a folder. */
  static Path jar(Tool tool, Path folder) throws IOException {
    Class<?> probe = tool == Tool.FLYWAY ? FlywaySettingsProbe.class : LiquibaseSettingsProbe.class;
    String service =
        tool == Tool.FLYWAY
            ? "org.flywaydb.core.extensibility.Plugin"
            : "liquibase.lockservice.LockService";
    String file = "/" + probe.getName().replace('.', '/') + ".class";
    Path jar = Files.copy(AllJarIT.of(tool), folder.resolve(tool.adapter() + "-with-probe.jar"));
    try (FileSystem inside = FileSystems.newFileSystem(jar);
        InputStream bytes = probe.getResourceAsStream(file)) {
      Files.copy(bytes, inside.getPath(file));
      Files.writeString(
          inside.getPath("META-INF", "services", service),
          "\n" + probe.getName() + "\n",
          StandardOpenOption.APPEND);
    }
    return jar;
  }

  /** What a tool with the jar was told, by what it printed. */
  static Map<String, String> in(String said) {
    Map<String, String> read = new TreeMap<>();
    said.lines()
        .filter(line -> line.contains(MARK))
        .map(line -> line.substring(line.indexOf(MARK) + MARK.length()))
        .forEach(
            setting -> {
              int equals = setting.indexOf('=');
              read.put(setting.substring(0, equals), setting.substring(equals + 1));
            });
    if (read.isEmpty()) {
      throw new AssertionError("The probe has not printed anything:\n" + said);
    }
    return read;
  }
}
