package io.github.advisorylock.cli;

import io.github.advisorylock.SettingReader;
import java.util.List;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * Says what is wrong with the command line, but never quotes an argument that nobody asked for: it
 * may be a password.
 */
final class UsageErrors implements IParameterExceptionHandler {

  @Override
  public int handleParseException(ParameterException e, String[] arguments) {
    CommandLine command = e.getCommandLine();
    Lines.error(command, message(e, arguments));
    Lines.error(command, "Try '%s --help'".formatted(command.getCommandSpec().qualifiedName()));
    return ExitStatus.USAGE;
  }

  private static String message(ParameterException e, String[] arguments) {
    if (Stream.of(arguments).anyMatch(argument -> argument.startsWith("--password="))) {
      return "--password takes no value, since everybody on this machine could read it: it asks for"
          + " the password. Or set PGPASSWORD, or write a ~/.pgpass";
    }
    if (e instanceof UnmatchedArgumentException unmatched) {
      boolean lacksCommand = !e.getCommandLine().getSubcommands().isEmpty();
      if (lacksCommand && !unmatched.getUnmatched().get(0).startsWith("-")) {
        return Main.COMMANDS;
      }
      List<String> names = names(unmatched.getUnmatched());
      return "Unknown: " + String.join(", ", names) + suggestion(names.get(0), e.getCommandLine());
    }
    return String.valueOf(e.getMessage());
  }

  private static String suggestion(String name, CommandLine command) {
    String meant =
        SettingReader.didYouMean("", name, command.getCommandSpec().optionsMap().keySet());
    return meant.isEmpty() ? "" : "." + meant;
  }

  private static List<String> names(List<String> unmatched) {
    return unmatched.stream().map(UsageErrors::name).toList();
  }

  private static String name(String unmatched) {
    if (unmatched.startsWith("--")) {
      return unmatched.replaceFirst("(?s)=.*", "");
    }
    return unmatched.length() > 1 && unmatched.startsWith("-")
        ? unmatched.substring(0, 2)
        : "an argument that is no option";
  }
}
