package io.github.advisorylock.testoutput;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.io.PrintStream;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.platform.testkit.engine.EngineTestKit;

class FailedTestOutputTest {

  @TestMethodOrder(MethodOrderer.OrderAnnotation.class)
  static class Some {
    @RegisterExtension
    final AfterEachCallback dump = context -> System.err.println("a dump of an extension");

    @Test
    @Order(1)
    void passes() {
      System.out.println("what a test that passes prints");
    }

    @Test
    @Order(2)
    void fails() {
      System.out.println("what a test that fails prints");
      throw new IllegalStateException("it fails");
    }
  }

  static class NotStarted {
    @BeforeAll
    static void start() {
      System.err.println("why it does not start");
      throw new IllegalStateException("it fails");
    }

    @Test
    void isNotRun() {}
  }

  private static String suppressed(Class<?> tests) {
    StringBuilder text = new StringBuilder();
    EngineTestKit.engine("junit-jupiter")
        .configurationParameter("junit.jupiter.extensions.autodetection.enabled", "true")
        .selectors(selectClass(tests))
        .execute()
        .allEvents()
        .executions()
        .failed()
        .stream()
        .forEach(
            execution ->
                Arrays.stream(
                        execution
                            .getTerminationInfo()
                            .getExecutionResult()
                            .getThrowable()
                            .orElseThrow()
                            .getSuppressed())
                    .forEach(text::append));
    return text.toString();
  }

  @Test
  void shouldAddWhatAFailedTestHasPrintedAndItsExtensions() {
    assertThat(suppressed(Some.class))
        .contains("what a test that fails prints\n", "a dump of an extension\n")
        .doesNotContain("what a test that passes prints");
  }

  @Test
  void shouldAddWhatWasPrintedBeforeTestsThatCouldNotStart() {
    assertThat(suppressed(NotStarted.class)).contains("why it does not start\n");
  }

  @Test
  void shouldKeepTheEndOfWhatIsTooMuch() {
    RecentOutput output = new RecentOutput(10);
    PrintStream stream = output.keepingWhatGoesTo(System.out);

    stream.print("0123456789".repeat(3));
    stream.print("end");

    assertThat(output.take()).isEqualTo("… 0123456789end");
    assertThat(output.take()).isEmpty();
  }
}
