/** A service as small as it can be: it migrates its database, and is done. */
@NullMarked
package io.github.advisorylock.application;

import org.jspecify.annotations.NullMarked;
