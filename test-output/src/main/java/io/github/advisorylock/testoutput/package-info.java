/** What a failed test has printed. */
@NullMarked
package io.github.advisorylock.testoutput;

import org.jspecify.annotations.NullMarked;
