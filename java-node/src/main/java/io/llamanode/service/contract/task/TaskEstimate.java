package io.llamanode.service.contract.task;

/**
 * What a task would cost if it came now.
 *
 * <p>Never changes: for any thread.
 *
 * @param promptTokens of its whole prompt
 * @param cachedTokens of it that would need no evaluation
 * @param queuePosition tasks that would get a slot before it, or before it in its session; 0: it would start at once
 */
public record TaskEstimate(int promptTokens, int cachedTokens, int queuePosition) {}
