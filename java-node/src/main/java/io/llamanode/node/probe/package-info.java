/**
 * Files and libraries that are loaded by a process of its own first: the side that asks, with what it remembers, and the side that
 * loads. Both are of one build, and talk over the standard streams of the process.
 *
 * <p>It must not know who asked for a load, nor how the process's streams are taken.
 */
@NullMarked
package io.llamanode.node.probe;

import org.jspecify.annotations.NullMarked;
