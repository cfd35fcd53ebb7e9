/**
 * Contexts: the KV cache, the batches that are computed, and the limits beyond which llama.cpp would end the process.
 * It must not know samplers, nor why tokens are computed.
 */
@NullMarked
package io.llamanode.llama.context;

import org.jspecify.annotations.NullMarked;
