/**
 * What the compiler runs while it builds the node: it implements the interfaces that declare C functions. It must not be
 * needed when the node runs, and is not in its jar.
 */
@NullMarked
package io.llamanode.processor;

import org.jspecify.annotations.NullMarked;
