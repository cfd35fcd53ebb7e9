package io.llamanode.gguf.check;

import java.util.Map;
import java.util.Set;

/**
 * Limits that one release of llama.cpp has and another one has not.
 *
 * @param maxExperts {@code LLAMA_MAX_EXPERTS}
 * @param gatingFunctions how many ways to weigh experts it knows, from 1 on
 * @param types {@code GGML_TYPE_COUNT}, beyond the number of any type of a tensor that it knows
 * @param layers architectures that it computes with certain numbers of layers alone
 */
public record LibraryLimits(int maxExperts, int gatingFunctions, int types, Map<String, Set<Long>> layers) {}
