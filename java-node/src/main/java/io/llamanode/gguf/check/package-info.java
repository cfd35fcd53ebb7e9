/**
 * Looks at what a file says before llama.cpp does, which answers much of what it does not expect with the end of the
 * process. Each rule names the key or the tensor that breaks it, and what to do.
 *
 * <p>Reads files only: it must not know the library that loads them.
 */
@NullMarked
package io.llamanode.gguf.check;

import org.jspecify.annotations.NullMarked;
