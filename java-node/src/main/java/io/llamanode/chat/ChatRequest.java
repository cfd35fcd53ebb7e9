package io.llamanode.chat;

import java.time.Clock;
import java.time.ZoneId;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a chat template is rendered with.
 *
 * @param messages OpenAI-style messages: {@code role}, {@code content} (string or list of parts),
 *     {@code reasoning_content}, {@code tool_calls}, {@code tool_call_id}, {@code name}
 * @param tools OpenAI-style tool definitions; may be empty
 * @param addGenerationPrompt whether the prompt ends where the assistant's answer begins
 * @param bosToken text of the model's bos token, trusted; may be empty
 * @param eosToken text of the model's eos token, trusted; may be empty
 * @param enableThinking the variable {@code enable_thinking}, which a template without {@link Capabilities#thinking}
 *     sees as false, as llama.cpp's server has it; {@code kwargs} can force it
 * @param kwargs further variables; untrusted except for values that are
 *     {@link io.llamanode.chat.jinja.Trusted}
 * @param clock what templates take the current date from, in its own time zone
 */
public record ChatRequest(
        List<Map<String, Object>> messages,
        List<Map<String, Object>> tools,
        boolean addGenerationPrompt,
        String bosToken,
        String eosToken,
        boolean enableThinking,
        Map<String, Object> kwargs,
        Clock clock) {
    /** Checks that nothing is null. */
    public ChatRequest {
        Objects.requireNonNull(messages);
        Objects.requireNonNull(tools);
        Objects.requireNonNull(bosToken);
        Objects.requireNonNull(eosToken);
        Objects.requireNonNull(kwargs);
        Objects.requireNonNull(clock);
    }

    /**
     * Starts a request with a generation prompt, thinking enabled, no tools, no further variables, empty bos and eos
     * tokens and the system's clock.
     *
     * @param messages the conversation
     * @return a builder
     */
    public static Builder of(List<Map<String, Object>> messages) {
        return new Builder(messages);
    }

    /** Collects the parts of a request. For one thread at a time. */
    public static final class Builder {
        private final List<Map<String, Object>> messages;
        private List<Map<String, Object>> tools = List.of();
        private boolean addGenerationPrompt = true;
        private String bosToken = "";
        private String eosToken = "";
        private boolean enableThinking = true;
        private Map<String, Object> kwargs = Map.of();
        private Clock clock = Clock.system(ZoneId.systemDefault());

        private Builder(List<Map<String, Object>> messages) {
            this.messages = messages;
        }

        /**
         * Sets the tools.
         *
         * @param value tool definitions, or null for none
         * @return this builder
         */
        public Builder tools(@Nullable List<Map<String, Object>> value) {
            tools = value == null ? List.of() : value;
            return this;
        }

        /**
         * Sets whether the prompt ends where the answer begins.
         *
         * @param value true by default
         * @return this builder
         */
        public Builder addGenerationPrompt(boolean value) {
            addGenerationPrompt = value;
            return this;
        }

        /**
         * Sets the text of the model's bos token.
         *
         * @param value empty when the model has none
         * @return this builder
         */
        public Builder bosToken(String value) {
            bosToken = value;
            return this;
        }

        /**
         * Sets the text of the model's eos token.
         *
         * @param value empty when the model has none
         * @return this builder
         */
        public Builder eosToken(String value) {
            eosToken = value;
            return this;
        }

        /**
         * Sets the variable {@code enable_thinking}.
         *
         * @param value true by default
         * @return this builder
         */
        public Builder enableThinking(boolean value) {
            enableThinking = value;
            return this;
        }

        /**
         * Sets further variables.
         *
         * @param value variables by name, or null for none
         * @return this builder
         */
        public Builder kwargs(Map<String, Object> value) {
            kwargs = value == null ? Map.of() : value;
            return this;
        }

        /**
         * Sets the clock.
         *
         * @param value where dates come from
         * @return this builder
         */
        public Builder clock(Clock value) {
            clock = value;
            return this;
        }

        /**
         * Makes the request.
         *
         * @return the request
         */
        public ChatRequest build() {
            return new ChatRequest(
                    messages, tools, addGenerationPrompt, bosToken, eosToken, enableThinking, kwargs, clock);
        }
    }
}
