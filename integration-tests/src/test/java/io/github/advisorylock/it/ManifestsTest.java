package io.github.advisorylock.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.advisorylock.RetryPolicy;
import io.github.advisorylock.SessionPolicy;
import io.github.advisorylock.it.Manifests.Node;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** The times in the manifests of the manual go together, and with the defaults of the settings. */
class ManifestsTest {
  // What the page assumes.
  private static final Duration MIGRATION = Duration.ofMinutes(2);
  private static final Duration START = Duration.ofMinutes(1);

  private static final Duration WAIT = RetryPolicy.DEFAULT.timeout();
  private static final Duration LEASE = SessionPolicy.DEFAULT.lease();
  private static final Duration RUN = START.plus(WAIT).plus(MIGRATION);

  private final Manifests manifests = Manifests.ofTheManual();
  private final Node job = manifests.spec("Job", "shop-migrate");
  private final Node migrating = manifests.spec("Deployment", "shop");
  private final Node waiting = manifests.spec("Deployment", "shop-without-migrations");

  private static Node container(Node spec) {
    return spec.at("template", "spec", "containers").elements().get(0);
  }

  private static Duration startup(Node deployment) {
    Node probe = container(deployment).at("startupProbe");
    return probe.at("periodSeconds").seconds().multipliedBy(probe.at("failureThreshold").number());
  }

  @Test
  void shouldBeManifests() {
    assertThat(manifests.all())
        .hasSize(3)
        .allSatisfy(
            manifest -> {
              assertThat(manifest.at("apiVersion").value()).isIn("apps/v1", "batch/v1");
              assertThat(manifest.at("metadata", "name").value()).asString().matches("[a-z-]+");
            });
  }

  @Test
  void shouldMatchTheirOwnLabels() {
    for (Node deployment : new Node[] {migrating, waiting}) {
      assertThat(deployment.at("template", "metadata", "labels"))
          .isEqualTo(deployment.at("selector", "matchLabels"));
    }
  }

  @Test
  void shouldAssumeWhatThePageSays() {
    assertThat(manifests.page())
        .contains("| 120 s | the longest migration")
        .contains("| 60 s | from the start of a container to its first try")
        .contains("| 300 s | `timeout`")
        .contains("| 30 s | `lease`")
        .contains("2 × 120 + 30 = 270 s")
        .contains("60 + 300 + 120 = 480 s")
        .contains("2 × 480 + 10 = 970 s");
    assertThat(WAIT).hasSeconds(300);
    assertThat(LEASE).hasSeconds(30);
    assertThat(RUN).hasSeconds(480);
  }

  @Test
  void shouldWaitLongEnoughForAHolderThatFreezesAndWhoeverBeginsAnew() {
    assertThat(WAIT).isGreaterThanOrEqualTo(MIGRATION.multipliedBy(2).plus(LEASE));
  }

  @Test
  void shouldSayTheDefaultWhereTheySayATimeout() {
    assertThat(container(job).durationInEnvironment("FLYWAY_ADVISORY_LOCK_TIMEOUT"))
        .isEqualTo(WAIT);
  }

  @Test
  void shouldGiveTheJobTimeForEveryTry() {
    int tries = job.at("backoffLimit").number() + 1;
    Duration backoff = Duration.ofSeconds(10);

    assertThat(job.at("activeDeadlineSeconds").seconds())
        .isGreaterThan(WAIT)
        .isGreaterThanOrEqualTo(RUN.multipliedBy(tries).plus(backoff));
    assertThat(job.at("template", "spec", "restartPolicy").value()).isEqualTo("Never");
  }

  @Test
  void shouldNotKillAPodThatWaitsOrMigrates() {
    assertThat(startup(migrating)).isGreaterThan(WAIT).isGreaterThanOrEqualTo(RUN);
    assertThat(migrating.at("progressDeadlineSeconds").seconds()).isGreaterThan(startup(migrating));
  }

  @Test
  void shouldNotCallARolloutStuckThatWaits() {
    Duration wait = manifests.initContainer().durationInArgument("--timeout");

    assertThat(wait).isGreaterThanOrEqualTo(WAIT);
    assertThat(waiting.at("progressDeadlineSeconds").seconds())
        .isGreaterThan(wait.plus(startup(waiting)));
  }
}
