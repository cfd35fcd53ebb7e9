/**
 * Reads the headers of GGUF model files, without the native library, and estimates the memory a model needs.
 *
 * <p>Format: <a href="https://github.com/ggml-org/ggml/blob/master/docs/gguf.md">the GGUF specification</a>,
 * versions 2 and 3, little endian.
 *
 * <p>It must not know the library that loads the files, nor who wants to know what they hold.
 */
@NullMarked
package io.llamanode.gguf;

import org.jspecify.annotations.NullMarked;
