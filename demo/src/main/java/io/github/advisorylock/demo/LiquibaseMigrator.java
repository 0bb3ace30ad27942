package io.github.advisorylock.demo;

import java.util.Map;
import liquibase.Scope;
import liquibase.command.CommandScope;
import liquibase.resource.ClassLoaderResourceAccessor;

/** Liquibase as an application uses it. Nothing here knows of the lock: it is on the class path. */
final class LiquibaseMigrator implements Tool.Migrator {

  LiquibaseMigrator() {
    System.setProperty("liquibase.analytics.enabled", "false");
  }

  @Override
  public void migrate(String url, String... migrations) throws Exception {
    Map<String, Object> resources =
        Map.of(Scope.Attr.resourceAccessor.name(), new ClassLoaderResourceAccessor());
    for (String changelog : migrations) {
      Scope.child(resources, () -> update(url, changelog));
    }
  }

  private static void update(String url, String changelog) throws Exception {
    new CommandScope("update")
        .addArgumentValue("url", url)
        .addArgumentValue("username", Server.USER)
        .addArgumentValue("password", "")
        .addArgumentValue("changelogFile", changelog)
        .execute();
  }
}
