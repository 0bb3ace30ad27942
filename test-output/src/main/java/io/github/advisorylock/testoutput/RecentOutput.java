package io.github.advisorylock.testoutput;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;

/** Keeps the end of what is printed, and passes all of it on. Safe for many threads. */
final class RecentOutput {

  private final int limit;
  private final ByteArrayOutputStream kept = new ByteArrayOutputStream();
  private boolean isCut;

  RecentOutput(int limit) {
    this.limit = limit;
  }

  /** A stream to take the place of another one. */
  PrintStream keepingWhatGoesTo(PrintStream original) {
    return new PrintStream(
        new OutputStream() {
          @Override
          public void write(int value) {
            write(new byte[] {(byte) value}, 0, 1);
          }

          @Override
          public void write(byte[] bytes, int offset, int length) {
            original.write(bytes, offset, length);
            keep(bytes, offset, length);
          }

          @Override
          public void flush() {
            original.flush();
          }
        },
        true,
        UTF_8);
  }

  private synchronized void keep(byte[] bytes, int offset, int length) {
    kept.write(bytes, offset, length);
    if (kept.size() > 2 * limit) {
      byte[] all = kept.toByteArray();
      kept.reset();
      kept.write(all, all.length - limit, limit);
      isCut = true;
    }
  }

  /** Returns what was printed since the last call, or its end if it was too much. */
  synchronized String take() {
    String text = (isCut ? "… " : "") + kept.toString(UTF_8);
    kept.reset();
    isCut = false;
    return text;
  }
}
