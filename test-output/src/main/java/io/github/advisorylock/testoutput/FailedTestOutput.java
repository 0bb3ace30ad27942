package io.github.advisorylock.testoutput;

import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.LifecycleMethodExecutionExceptionHandler;

/**
 * Adds what a failed test has printed to its stack trace, since the build sends the output of tests
 * to files. Found by JUnit wherever this module is on the class path.
 */
public final class FailedTestOutput
    implements BeforeAllCallback, AfterEachCallback, LifecycleMethodExecutionExceptionHandler {

  /** In bytes: some thousand lines. */
  private static final int LIMIT = 300_000;

  private static final RecentOutput OUTPUT = new RecentOutput(LIMIT);
  private static boolean isInstalled;

  /** Creates one; JUnit does. */
  public FailedTestOutput() {}

  @Override
  public void beforeAll(ExtensionContext context) {
    install();
  }

  /** Once in a JVM: some logs keep the stream that they find first. */
  private static synchronized void install() {
    if (!isInstalled) {
      System.setOut(OUTPUT.keepingWhatGoesTo(System.out));
      System.setErr(OUTPUT.keepingWhatGoesTo(System.err));
      isInstalled = true;
    }
  }

  /** Comes after the same of all other extensions, which may have printed what they know. */
  @Override
  public void afterEach(ExtensionContext context) {
    String printed = OUTPUT.take();
    context.getExecutionException().ifPresent(failure -> add(printed, failure));
  }

  @Override
  public void handleBeforeAllMethodExecutionException(ExtensionContext context, Throwable failure)
      throws Throwable {
    add(OUTPUT.take(), failure);
    throw failure;
  }

  @Override
  public void handleAfterAllMethodExecutionException(ExtensionContext context, Throwable failure)
      throws Throwable {
    add(OUTPUT.take(), failure);
    throw failure;
  }

  private static void add(String printed, Throwable failure) {
    if (!printed.isBlank()) {
      failure.addSuppressed(new Printed(printed));
    }
  }

  /** Stands below the failure in its stack trace. */
  private static final class Printed extends Exception {
    private static final long serialVersionUID = 1L;

    Printed(String text) {
      super("\n" + text, null, false, false);
    }
  }
}
