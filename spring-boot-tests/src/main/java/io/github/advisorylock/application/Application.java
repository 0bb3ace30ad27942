package io.github.advisorylock.application;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/** The application. It says nothing of the lock: that is one dependency, and one block of YAML. */
@SpringBootApplication
public class Application {

  /** Made by Spring. */
  public Application() {}

  /**
   * Starts it.
   *
   * @param arguments of Spring Boot's
   */
  public static void main(String[] arguments) {
    SpringApplication.run(Application.class, arguments);
  }
}
