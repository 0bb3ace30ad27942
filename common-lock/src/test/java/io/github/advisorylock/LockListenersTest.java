package io.github.advisorylock;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.advisorylock.LockListener.Acquired;
import io.github.advisorylock.LockListener.Released;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Listeners that an application names in META-INF/services. */
class LockListenersTest {

  @TempDir Path folder;
  private final ClassLoader before = Thread.currentThread().getContextClassLoader();
  private final RecordingListener own = new RecordingListener();

  @AfterEach
  void restore() {
    Thread.currentThread().setContextClassLoader(before);
    Remembering.ALL.remove();
  }

  /** The thread's context class loader names these. */
  private URLClassLoader naming(ClassLoader parent, String... types) throws IOException {
    Path services = Files.createDirectories(folder.resolve("META-INF/services"));
    Files.write(services.resolve(LockListener.class.getName()), List.of(types));
    URLClassLoader loader = new URLClassLoader(new URL[] {folder.toUri().toURL()}, parent);
    Thread.currentThread().setContextClassLoader(loader);
    return loader;
  }

  private void takeAndRelease() {
    LockListener listener = LockListeners.forTool("test", own);
    new AdvisoryLock(LockKey.MIGRATION, RetryPolicy.DEFAULT, listener, new FakeTiming())
        .acquire(FakeSession.free())
        .close();
  }

  @Test
  void shouldTellWhomTheApplicationNames() throws IOException {
    try (URLClassLoader loader = naming(before, Remembering.class.getName())) {
      takeAndRelease();

      assertThat(loader).isSameAs(Thread.currentThread().getContextClassLoader());
      assertThat(Remembering.ALL.get())
          .singleElement()
          .satisfies(
              found ->
                  assertThat(found.heard)
                      .hasSameElementsAs(own.events())
                      .hasAtLeastOneElementOfType(Acquired.class)
                      .hasAtLeastOneElementOfType(Released.class));
    }
  }

  @Test
  void shouldMakeAListenerForEachLock() throws IOException {
    try (URLClassLoader loader = naming(before, Remembering.class.getName())) {
      takeAndRelease();
      takeAndRelease();

      assertThat(loader.getParent()).isSameAs(before);
      assertThat(Remembering.ALL.get()).hasSize(2).allMatch(found -> found.heard.size() == 2);
    }
  }

  @Test
  void shouldTellTheOthersIfOneFails() throws IOException {
    try (URLClassLoader loader =
        naming(before, Throwing.class.getName(), Remembering.class.getName())) {
      takeAndRelease();

      assertThat(loader.getParent()).isSameAs(before);
      assertThat(own.events()).hasSize(2);
      assertThat(Remembering.ALL.get())
          .singleElement()
          .satisfies(found -> assertThat(found.heard).hasSize(2));
    }
  }

  @ParameterizedTest
  @ValueSource(classes = {Unmakeable.class, UnmakeableForAnError.class, WithoutConstructor.class})
  void shouldTellTheOthersIfOneCannotBeMade(Class<?> unmakeable) throws IOException {
    try (URLClassLoader loader =
        naming(before, unmakeable.getName(), Remembering.class.getName())) {
      takeAndRelease();

      assertThat(loader.getParent()).isSameAs(before);
      assertThat(own.events()).hasSize(2);
      assertThat(Remembering.ALL.get()).hasSize(1);
    }
  }

  @Test
  void shouldTellTheOthersIfOneIsNotThere() throws IOException {
    try (URLClassLoader loader =
        naming(before, "com.example.NotThere", Remembering.class.getName())) {
      takeAndRelease();

      assertThat(loader.getParent()).isSameAs(before);
      assertThat(own.events()).hasSize(2);
      assertThat(Remembering.ALL.get()).hasSize(1);
    }
  }

  @Test
  void shouldTakeTheLockIfTheFileCannotBeRead() throws IOException {
    try (URLClassLoader loader = naming(before, "this is no name of a class")) {
      takeAndRelease();

      assertThat(loader.getParent()).isSameAs(before);
      assertThat(own.events()).hasSize(2);
    }
  }

  /** One that has our interface from us, but is not asked by us nor asks us for what it names. */
  @Test
  void shouldTellWhomAClassLoaderBesidesOursNames() throws IOException {
    ClassLoader aside =
        new ClassLoader(null) {
          @Override
          protected Class<?> findClass(String name) throws ClassNotFoundException {
            return before.loadClass(name);
          }
        };
    try (URLClassLoader loader = naming(aside, Remembering.class.getName())) {
      takeAndRelease();

      assertThat(loader.getParent()).isSameAs(aside);
      assertThat(Remembering.ALL.get()).hasSize(1);
    }
  }

  @Test
  void shouldIgnoreListenersOfAnotherCopyOfTheLock() throws IOException {
    OwnCopies other = new OwnCopies(name -> false);
    try (URLClassLoader loader = naming(other, Remembering.class.getName())) {
      takeAndRelease();

      assertThat(loader.getParent()).isSameAs(other);
      assertThat(own.events()).hasSize(2);
      assertThat(Remembering.ALL.get()).isEmpty();
    }
  }

  @Test
  void shouldTakeTheLockOnAThreadWithoutContextClassLoader() {
    Thread.currentThread().setContextClassLoader(null);

    takeAndRelease();

    assertThat(own.events()).hasSize(2);
  }

  /** A context class loader whose application has ended. */
  @Test
  void shouldTakeTheLockWithAContextClassLoaderThatFails() {
    Thread.currentThread()
        .setContextClassLoader(
            new ClassLoader(before) {
              @Override
              protected Class<?> loadClass(String name, boolean resolve) {
                throw new IllegalStateException("The application has been stopped");
              }
            });

    takeAndRelease();

    assertThat(own.events()).hasSize(2);
  }

  /** Remembers what it heard. */
  public static final class Remembering implements LockListener {
    private static final ThreadLocal<List<Remembering>> ALL =
        ThreadLocal.withInitial(ArrayList::new);

    private final List<Record> heard = new ArrayList<>();

    public Remembering() {
      ALL.get().add(this);
    }

    @Override
    public void onAcquired(Acquired event) {
      heard.add(event);
    }

    @Override
    public void onReleased(Released event) {
      heard.add(event);
    }
  }

  /** Fails whenever it is told something. */
  public static final class Throwing implements LockListener {
    public Throwing() {}

    @Override
    public void onAcquired(Acquired event) {
      throw new IllegalStateException("from a listener, on purpose");
    }

    @Override
    public void onReleased(Released event) {
      throw new AssertionError("from a listener, on purpose");
    }
  }

  /** Fails to be made. */
  public static final class Unmakeable implements LockListener {
    public Unmakeable() {
      throw new IllegalStateException("from a listener's constructor, on purpose");
    }
  }

  /** Fails to be made, in a way that a service loader lets pass. */
  public static final class UnmakeableForAnError implements LockListener {
    public UnmakeableForAnError() {
      throw new AssertionError("from a listener's constructor, on purpose");
    }
  }

  /** Cannot be made by a service loader. */
  public static final class WithoutConstructor implements LockListener {
    private WithoutConstructor() {}
  }
}
