/**
 * Reads the headers of GGUF model files, without the native library, and estimates the memory a model needs.
 *
 * <p>Format: <a href="https://github.com/ggml-org/ggml/blob/master/docs/gguf.md">the GGUF specification</a>,
 * versions 2 and 3, little endian.
 */
@NullMarked
package io.llamanode.gguf;

import org.jspecify.annotations.NullMarked;
