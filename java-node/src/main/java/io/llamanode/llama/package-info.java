/**
 * A binding of llama.cpp's C API ({@code llama.h}) through {@code java.lang.foreign}: owned handles and typed errors,
 * nothing else. This package holds what its callers say and hear: parameters, kinds and failures. It is data only and
 * knows none of the packages below it, which stand in this order, each using those before it:
 *
 * <ul>
 *   <li>{@code memory}: who may use a native object, and when it is freed;
 *   <li>{@code log}: what the library prints;
 *   <li>{@code functions}: the C functions and structs, and how they differ between releases;
 *   <li>{@code library}: finding, loading and choosing a library;
 *   <li>{@code model}: models, adapters and vocabularies;
 *   <li>{@code context}: the KV cache, batches and computations;
 *   <li>{@code sampler}: samplers and grammars.
 * </ul>
 *
 * <p>llama.cpp answers many wrong arguments with an abort, which ends the Java virtual machine. Everything known to
 * do so is checked here first and becomes an {@link java.lang.IllegalArgumentException}.
 *
 * <p>Handles may be closed at any time and from any thread: a call in progress finishes first, later calls throw
 * {@link java.lang.IllegalStateException}, and a model's memory is freed once its contexts and samplers are closed.
 */
@NullMarked
package io.llamanode.llama;

import org.jspecify.annotations.NullMarked;
