package io.github.advisorylock.spring;

import java.util.function.Consumer;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.test.generate.TestGenerationContext;
import org.springframework.boot.test.util.TestPropertyValues;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.aot.ApplicationContextAotGenerator;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.core.test.tools.TestCompiler;

/**
 * An application as Spring prepares it for a native image: its beans are made by code that was
 * generated from the configuration, which itself is not looked at any more.
 */
public final class AheadOfTime {

  private AheadOfTime() {}

  /**
   * Generates the code, compiles it, and has it make the application in this JVM.
   *
   * @param property one that only the running application has
   * @param check what to see in the running application
   * @return what Spring tells native-image
   */
  public static RuntimeHints run(
      String property, Consumer<ApplicationContext> check, Class<?>... configurations) {
    TestGenerationContext generated = new TestGenerationContext();
    try (AnnotationConfigApplicationContext prepared = new AnnotationConfigApplicationContext()) {
      prepared.register(configurations);
      new ApplicationContextAotGenerator().processAheadOfTime(prepared, generated);
    }
    generated.writeGeneratedContent();
    TestCompiler.forSystem()
        .with(generated)
        .compile(
            compiled -> {
              try (GenericApplicationContext application = new GenericApplicationContext()) {
                TestPropertyValues.of(property).applyTo(application);
                initialize(application, compiled.getInstance(ApplicationContextInitializer.class));
                application.refresh();
                check.accept(application);
              }
            });
    return generated.getRuntimeHints();
  }

  @SuppressWarnings("unchecked") // generated code has no type of its own to ask for
  private static void initialize(
      GenericApplicationContext application, ApplicationContextInitializer<?> initializer) {
    ((ApplicationContextInitializer<GenericApplicationContext>) initializer)
        .initialize(application);
  }
}
