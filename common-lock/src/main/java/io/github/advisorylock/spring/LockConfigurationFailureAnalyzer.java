package io.github.advisorylock.spring;

import io.github.advisorylock.LockConfigurationException;
import java.util.Objects;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/**
 * Has Spring Boot report a setting that cannot be used by what is wrong with it, without a stack
 * trace. For Spring Boot only.
 */
public final class LockConfigurationFailureAnalyzer
    extends AbstractFailureAnalyzer<LockConfigurationException> {

  /** An analyzer; Spring Boot makes it by its name. */
  public LockConfigurationFailureAnalyzer() {}

  @Override
  protected FailureAnalysis analyze(Throwable rootFailure, LockConfigurationException cause) {
    return new FailureAnalysis(
        Objects.requireNonNull(cause.getMessage()),
        "Correct that property of the advisory lock, or remove it to have its default.",
        cause);
  }
}
