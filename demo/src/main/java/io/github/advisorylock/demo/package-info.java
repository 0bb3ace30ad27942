/**
 * The demo: {@code mvn -q -Pdemo verify} rolls out many replicas of a service at once, on a real
 * PostgreSQL, without and with the jars, and draws what happened. {@link
 * io.github.advisorylock.demo.Rollout} is where to start reading.
 */
@NullMarked
package io.github.advisorylock.demo;

import org.jspecify.annotations.NullMarked;
