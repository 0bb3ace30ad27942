package io.github.advisorylock.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import liquibase.change.custom.CustomTaskChange;
import liquibase.database.Database;
import liquibase.database.jvm.JdbcConnection;
import liquibase.exception.CustomChangeException;
import liquibase.exception.ValidationErrors;
import liquibase.resource.ResourceAccessor;

/** {@link ChaosWork} as Liquibase knows it; public with public methods, since it makes one. */
public final class ChaosChange implements CustomTaskChange {
  /** The changelog's name in its folder. */
  static final String CHANGELOG = "chaos.xml";

  private String version;

  /** Formatted SQL cannot have a custom change. */
  static void writeTo(Path folder, boolean transactional) {
    String changesets =
        IntStream.rangeClosed(1, ChaosWork.MIGRATIONS)
            .mapToObj(
                number ->
                    """
                      <changeSet author="it" id="%d" runInTransaction="%s">
                        <customChange class="%s"><param name="version" value="%d"/></customChange>
                      </changeSet>
                    """
                        .formatted(number, transactional, ChaosChange.class.getName(), number))
            .collect(Collectors.joining());
    String changelog =
        """
        <databaseChangeLog xmlns="http://www.liquibase.org/xml/ns/dbchangelog"
            xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
            xsi:schemaLocation="http://www.liquibase.org/xml/ns/dbchangelog
              http://www.liquibase.org/xml/ns/dbchangelog/dbchangelog-latest.xsd">
        %s</databaseChangeLog>
        """
            .formatted(changesets);
    try {
      Files.writeString(folder.resolve(CHANGELOG), changelog);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The {@code param} of the changelog. */
  public void setVersion(String version) {
    this.version = version;
  }

  @Override
  public void execute(Database database) throws CustomChangeException {
    try {
      JdbcConnection connection = (JdbcConnection) database.getConnection();
      ChaosWork.run(version, connection.getUnderlyingConnection());
    } catch (Exception e) {
      throw new CustomChangeException(e);
    }
  }

  @Override
  public String getConfirmationMessage() {
    return "";
  }

  @Override
  public void setUp() {}

  @Override
  public void setFileOpener(ResourceAccessor resources) {}

  @Override
  public ValidationErrors validate(Database database) {
    return new ValidationErrors();
  }
}
