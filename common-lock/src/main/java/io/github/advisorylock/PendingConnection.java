package io.github.advisorylock;

import java.sql.SQLException;

/** A data source that has not provided a connection yet; no failure, and never thrown. */
final class PendingConnection extends SQLException {

  private static final long serialVersionUID = 1L;

  PendingConnection() {
    super("its data source has not provided a connection yet");
  }
}
