package io.github.advisorylock.benchmarks;

import java.io.BufferedOutputStream;
import java.io.EOFException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;

/**
 * The main class of a contender's JVM: carries out orders from standard input and replies on
 * standard output, which is for that alone; logs go to standard error. Ends with standard input, so
 * that no contender outlives the benchmarks, however those end.
 */
final class ContenderMain {

  private ContenderMain() {}

  /**
   * Starts it.
   *
   * @param arguments the contender
   */
  public static void main(String[] arguments) throws Exception {
    ObjectOutputStream replies = new ObjectOutputStream(new BufferedOutputStream(System.out));
    System.setOut(System.err);
    replies.flush();
    ObjectInputStream orders = new ObjectInputStream(System.in);
    Contender contender = Contender.valueOf(arguments[0]);
    Stage stage = new Stage(contender, new Replicas());
    try {
      while (true) {
        Order<?> order = (Order<?>) orders.readObject();
        replies.writeObject(carryOut(order, stage));
        replies.flush();
      }
    } catch (EOFException e) {
      Runtime.getRuntime().halt(0);
    }
  }

  private static Reply carryOut(Order<?> order, Stage stage) {
    try {
      return new Reply(order.carryOut(stage), null);
    } catch (Throwable e) { // whatever it is, somebody waits for a reply
      e.printStackTrace();
      return new Reply(null, e.toString());
    }
  }
}
