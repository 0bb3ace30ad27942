/**
 * The advisory lock for Flyway: being on the class path is enough.
 *
 * <p>Flyway finds {@link io.github.advisorylock.flyway.AdvisoryLockProvider} by itself, which adds
 * callbacks to every Flyway object. They take the lock before the first change of a migrate, clean,
 * baseline, repair or undo, and release it after the last. Info and validate take no lock.
 *
 * <p>Settings are those of {@link
 * io.github.advisorylock.flyway.AdvisoryLockConfigurationExtension}, {@code flyway.advisoryLock.*}
 * wherever Flyway reads its own. Nothing accepts or returns null unless it says so.
 */
@NullMarked
package io.github.advisorylock.flyway;

import org.jspecify.annotations.NullMarked;
