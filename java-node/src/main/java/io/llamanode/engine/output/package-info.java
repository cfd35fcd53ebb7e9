/**
 * Makes text of bytes: whole code points, and nothing that may still become a stop string.
 *
 * <p>It must know nothing of tokens, requests, or the engine.
 */
@NullMarked
package io.llamanode.engine.output;

import org.jspecify.annotations.NullMarked;
