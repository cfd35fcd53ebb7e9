package io.llamanode.remote.request;

import io.llamanode.service.contract.task.ChatOptions;
import io.llamanode.service.contract.task.GenerationOptions;
import java.util.Map;

/**
 * How a text is asked for.
 *
 * <p>Never changes: for any thread.
 *
 * @param given what a task, its session or the model's configuration say
 * @param complete the same, with the node's defaults where they do not
 * @param chat how a conversation is put to the model
 * @param extra further fields of the request, as the server knows them
 */
public record Asked(GenerationOptions given, GenerationOptions complete, ChatOptions chat, Map<String, Object> extra) {}
