package io.llamanode.service;

import java.util.List;
import java.util.Map;

/**
 * A session's conversation after its last finished chat task.
 *
 * @param messages without the session's system prompt
 * @param prompt the last prompt followed by its answer, or {@code null} if the tokens below do not
 *     stand for exactly that text
 * @param tokens the last prompt's tokens followed by the sampled ones
 */
record Transcript(List<Map<String, Object>> messages, PromptText prompt, int[] tokens) {
    static final Transcript EMPTY = new Transcript(List.of(), null, new int[0]);
}
