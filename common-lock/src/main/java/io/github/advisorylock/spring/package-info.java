/**
 * What the adapters have in common in an application of Spring Boot. Only there is any of it
 * loaded: nothing else in this library knows Spring. For the adapters of the same version only.
 *
 * <p>Nothing accepts or returns null unless it says so.
 */
@NullMarked
package io.github.advisorylock.spring;

import org.jspecify.annotations.NullMarked;
