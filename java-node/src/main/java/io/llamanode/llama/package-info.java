/**
 * A binding of llama.cpp's C API ({@code llama.h}) through {@code java.lang.foreign}: owned handles and typed
 * errors, nothing else.
 *
 * <p>llama.cpp answers many wrong arguments with an abort, which ends the Java virtual machine. Everything known to
 * do so is checked here first and becomes an {@link java.lang.IllegalArgumentException}.
 *
 * <p>Handles may be closed at any time and from any thread: a call in progress finishes first, later calls throw
 * {@link java.lang.IllegalStateException}, and a model's memory is freed once its contexts and samplers are closed.
 */
package io.llamanode.llama;
