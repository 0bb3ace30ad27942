package io.github.advisorylock.it;

import com.sun.jdi.Bootstrap;
import com.sun.jdi.ClassObjectReference;
import com.sun.jdi.IncompatibleThreadStateException;
import com.sun.jdi.Method;
import com.sun.jdi.ObjectReference;
import com.sun.jdi.StackFrame;
import com.sun.jdi.StringReference;
import com.sun.jdi.VMDisconnectedException;
import com.sun.jdi.Value;
import com.sun.jdi.VirtualMachine;
import com.sun.jdi.connect.Connector;
import com.sun.jdi.connect.IllegalConnectorArgumentsException;
import com.sun.jdi.connect.LaunchingConnector;
import com.sun.jdi.connect.VMStartException;
import com.sun.jdi.event.BreakpointEvent;
import com.sun.jdi.event.Event;
import com.sun.jdi.event.EventSet;
import com.sun.jdi.event.VMDeathEvent;
import com.sun.jdi.event.VMDisconnectEvent;
import com.sun.jdi.request.BreakpointRequest;
import com.sun.jdi.request.EventRequest;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Looks on through the JVM's debugging interface while a replica runs, and notes which types are
 * reached by name and which of their members by reflection, and how.
 */
final class ReflectionWatch {

  /** Where the JDK's reflection begins … */
  static final Map<String, Set<String>> LOOK_UPS =
      Map.of(
          "java.lang.Class",
          Set.of(
              "forName",
              "getConstructor",
              "getConstructors",
              "getDeclaredConstructor",
              "getDeclaredConstructors",
              "getDeclaredField",
              "getDeclaredFields",
              "getDeclaredMethod",
              "getDeclaredMethods",
              "getField",
              "getFields",
              "getMethod",
              "getMethods",
              "newInstance"));

  /** … and goes on, as far as there is bytecode to stop at. */
  private static final Map<String, Set<String>> USES =
      Map.of(
          "java.lang.reflect.Constructor",
          Set.of("newInstance"),
          "java.lang.reflect.Field",
          Set.of("get", "set"),
          "java.lang.reflect.Method",
          Set.of("invoke"));

  /**
   * A door that somebody went through.
   *
   * @param type the type that was reached
   * @param door such as {@code Class.getDeclaredFields}
   */
  record Reached(String type, String door) implements Comparable<Reached> {
    @Override
    public int compareTo(Reached other) {
      return toString().compareTo(other.toString());
    }
  }

  private final Predicate<String> types;
  private final Set<Reached> reached = new TreeSet<>();
  private final List<String> output = new CopyOnWriteArrayList<>();

  private ReflectionWatch(Predicate<String> types) {
    this.types = types;
  }

  /**
   * Runs a replica to its end.
   *
   * @param instructions see {@link ReplicaMain}
   * @param types which types matter
   * @throws AssertionError if the run failed
   */
  static Set<Reached> during(
      String classPath, Map<String, String> instructions, Predicate<String> types) {
    ReflectionWatch watch = new ReflectionWatch(types);
    VirtualMachine machine = launch(classPath, instructions);
    Process process = machine.process();
    try {
      watch.answer(process);
      stopAt(machine, LOOK_UPS);
      stopAt(machine, USES);
      watch.lookOn(machine);
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
    if (watch.output.stream().noneMatch(line -> line.startsWith("OK "))) {
      throw new AssertionError("The run failed:\n" + String.join("\n", watch.output));
    }
    return watch.reached;
  }

  private static VirtualMachine launch(String classPath, Map<String, String> instructions) {
    LaunchingConnector connector = Bootstrap.virtualMachineManager().defaultConnector();
    Map<String, Connector.Argument> arguments = connector.defaultArguments();
    arguments.get("options").setValue("-Xmx256m -XX:+UseSerialGC -cp \"" + classPath + "\"");
    arguments
        .get("main")
        .setValue(
            Stream.concat(
                    Stream.of(ReplicaMain.class.getName()),
                    instructions.entrySet().stream()
                        .map(entry -> "\"" + entry.getKey() + "=" + entry.getValue() + "\""))
                .collect(Collectors.joining(" ")));
    try {
      return connector.launch(arguments);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (IllegalConnectorArgumentsException | VMStartException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Has the replica run, and end when it has. */
  private void answer(Process process) {
    Replica.readLines(process.getErrorStream(), output::add, () -> {});
    Replica.readLines(
        process.getInputStream(),
        line -> {
          output.add(line);
          if (line.equals("READY")) {
            order(process, "GO\n");
          } else if (Outcome.isOutcome(line)) {
            order(process, "EXIT\n");
          }
        },
        () -> {});
  }

  private static void order(Process process, String order) {
    OutputStream orders = process.getOutputStream();
    try {
      orders.write(order.getBytes(StandardCharsets.UTF_8));
      orders.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void stopAt(VirtualMachine machine, Map<String, Set<String>> doors) {
    doors.forEach(
        (type, methods) ->
            machine.classesByName(type).stream()
                .flatMap(found -> found.methods().stream())
                .filter(Method::isPublic)
                .filter(method -> methods.contains(method.name()))
                .forEach(method -> stopAt(machine, method)));
  }

  private static void stopAt(VirtualMachine machine, Method method) {
    BreakpointRequest stop =
        machine.eventRequestManager().createBreakpointRequest(method.location());
    stop.setSuspendPolicy(EventRequest.SUSPEND_EVENT_THREAD);
    stop.enable();
  }

  private void lookOn(VirtualMachine machine) {
    try {
      while (true) {
        EventSet events = machine.eventQueue().remove(Await.DEADLINE.toMillis());
        if (events == null) {
          throw new AssertionError("Nothing happens:\n" + String.join("\n", output));
        }
        for (Event event : events) {
          if (event instanceof VMDeathEvent || event instanceof VMDisconnectEvent) {
            return;
          }
          if (event instanceof BreakpointEvent stopped) {
            note(stopped);
          }
        }
        events.resume();
      }
    } catch (VMDisconnectedException e) {
      // the replica has ended
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    } catch (IncompatibleThreadStateException e) {
      throw new IllegalStateException(e);
    }
  }

  private void note(BreakpointEvent stopped) throws IncompatibleThreadStateException {
    StackFrame frame = stopped.thread().frame(0);
    Method method = stopped.location().method();
    String type = typeReached(frame);
    if (types.test(type)) {
      String owner = method.declaringType().name();
      reached.add(
          new Reached(type, owner.substring(owner.lastIndexOf('.') + 1) + "." + method.name()));
    }
  }

  private static String typeReached(StackFrame frame) {
    ObjectReference member = frame.thisObject();
    if (member == null) { // Class.forName
      return frame.getArgumentValues().stream()
          .filter(StringReference.class::isInstance)
          .map(name -> ((StringReference) name).value())
          .findFirst()
          .orElse("");
    }
    Value type =
        member instanceof ClassObjectReference
            ? member
            : member.getValue(member.referenceType().fieldByName("clazz"));
    return ((ClassObjectReference) type).reflectedType().name();
  }
}
