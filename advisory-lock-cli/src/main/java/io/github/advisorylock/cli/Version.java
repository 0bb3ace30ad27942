package io.github.advisorylock.cli;

import java.util.Objects;
import picocli.CommandLine.IVersionProvider;

/** The version in the jar's manifest. */
final class Version implements IVersionProvider {

  @Override
  public String[] getVersion() {
    String version = Main.class.getPackage().getImplementationVersion();
    return new String[] {"advisory-lock " + Objects.requireNonNullElse(version, "(not packaged)")};
  }
}
