/**
 * The engine's interfaces on llama.cpp: runners that execute plans and compute vectors, a vocabulary, adapters, samplers that
 * need native code. The only part of the engine that touches {@code io.llamanode.llama}.
 *
 * <p>It must not know the engines, the scheduler, or who asks for what.
 */
@NullMarked
package io.llamanode.engine.llama;

import org.jspecify.annotations.NullMarked;
