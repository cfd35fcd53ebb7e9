/**
 * Finds out what a server is, and what it has. It asks by itself, in a fixed order, and changes nothing there.
 */
@NullMarked
package io.llamanode.remote.probe;

import org.jspecify.annotations.NullMarked;
