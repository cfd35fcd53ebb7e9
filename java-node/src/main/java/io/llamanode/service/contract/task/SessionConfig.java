package io.llamanode.service.contract.task;

import org.jspecify.annotations.Nullable;

/**
 * How a session is made.
 *
 * <p>Never changes: for any thread.
 *
 * @param model model id, or {@code null} for the node's first model
 * @param systemPrompt first message of its chats, or {@code null}
 * @param defaults generation options where a task does not say
 * @param chat how its conversation is put to the model where a task does not say
 */
public record SessionConfig(
        @Nullable String model, @Nullable String systemPrompt, GenerationOptions defaults, ChatOptions chat) {
    /**
     * A session whose chats say for themselves how they are put to the model.
     *
     * @param model model id, or {@code null} for the node's first model
     * @param systemPrompt first message of its chats, or {@code null}
     * @param defaults generation options where a task does not say
     */
    public SessionConfig(@Nullable String model, @Nullable String systemPrompt, GenerationOptions defaults) {
        this(model, systemPrompt, defaults, ChatOptions.NONE);
    }
}
