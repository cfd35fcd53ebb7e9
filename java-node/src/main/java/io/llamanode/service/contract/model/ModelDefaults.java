package io.llamanode.service.contract.model;

import io.llamanode.service.contract.task.ChatOptions;
import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.OptionValues;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What holds for the tasks of a model where neither they nor their session say otherwise.
 *
 * <p>Never changes: for any thread.
 *
 * @param options how to generate
 * @param chat how a conversation is put to the model; its template is a setting of the model itself
 * @param systemPrompt first message of chats that bring no message of the system, or {@code null}
 */
public record ModelDefaults(
        GenerationOptions options,
        ChatOptions chat,
        @Nullable String systemPrompt) {
    /** Nothing given. */
    public static final ModelDefaults NONE = new ModelDefaults(GenerationOptions.NONE, ChatOptions.NONE, null);

    /**
     * Fills in what these defaults leave open.
     *
     * @param base what holds where these do not say
     * @return these defaults completed by {@code base}
     */
    public ModelDefaults orElse(ModelDefaults base) {
        return new ModelDefaults(
                options.orElse(base.options),
                chat.orElse(base.chat),
                systemPrompt != null ? systemPrompt : base.systemPrompt);
    }

    /** {@return what is given, by the keys of docs/protocol.md} */
    public Map<String, Object> values() {
        Map<String, Object> values = new LinkedHashMap<>();
        if (systemPrompt != null) {
            values.put("system_prompt", systemPrompt);
        }
        values.putAll(OptionValues.of(options));
        values.putAll(OptionValues.of(chat));
        return values;
    }
}
