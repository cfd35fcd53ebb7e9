package io.llamanode.service.prompt;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A request for text that is ready for a server.
 *
 * <p>Not to be changed: for any thread.
 *
 * @param path of the endpoint
 * @param body of the request
 * @param messages the conversation, without the session's system prompt; {@code null} for a completion
 * @param seed that is asked for, unsigned; {@code null}: the server chooses
 * @param reader tells reasoning from content where the server does not; {@code null}: it does, or there is none
 */
public record RemotePrompt(
        String path,
        ObjectNode body,
        @Nullable List<Map<String, Object>> messages,
        @Nullable Long seed,
        @Nullable AnswerReader reader) {}
