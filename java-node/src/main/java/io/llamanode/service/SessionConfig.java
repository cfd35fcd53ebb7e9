package io.llamanode.service;

/**
 * How a session is made.
 *
 * @param model model id, or {@code null} for the node's first model
 * @param systemPrompt first message of its chats, or {@code null}
 * @param defaults generation options where a task does not say
 */
public record SessionConfig(String model, String systemPrompt, GenerationOptions defaults) {
    /** {@return characters of its texts} */
    long length() {
        long prompt = systemPrompt == null ? 0 : systemPrompt.length();
        return prompt + (defaults.format() == null ? 0 : defaults.format().length());
    }
}
