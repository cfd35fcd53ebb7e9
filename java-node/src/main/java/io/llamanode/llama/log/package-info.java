/**
 * What llama.cpp prints: pieces of text from any thread become lines of the logger {@code llama.cpp}, and the errors of
 * one call can be caught for its exception. It must not know which library prints. Nothing outside the binding uses it.
 */
@NullMarked
package io.llamanode.llama.log;

import org.jspecify.annotations.NullMarked;
