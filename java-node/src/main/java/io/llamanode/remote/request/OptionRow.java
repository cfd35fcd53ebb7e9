package io.llamanode.remote.request;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.SamplerOptions;
import io.llamanode.service.contract.task.StructureOptions;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** One option of the API, and its place in each form of request; it has none until one is given. */
final class OptionRow {
    private static final List<Form> OF_LLAMA_SERVER = List.of(Form.LLAMA_CHAT, Form.LLAMA_COMPLETIONS, Form.LLAMA_OWN);
    private static final List<Form> OF_OPENAI = List.of(Form.OPENAI_CHAT, Form.OPENAI_COMPLETIONS);

    private final String key;
    private final Function<GenerationOptions, @Nullable Object> value;
    private final Map<Form, Place> places = new EnumMap<>(Form.class);

    private OptionRow(String key, Function<GenerationOptions, @Nullable Object> value) {
        this.key = key;
        this.value = value;
    }

    static OptionRow of(String key, Function<GenerationOptions, @Nullable Object> value) {
        return new OptionRow(key, value);
    }

    static OptionRow sampler(String key, Function<SamplerOptions, @Nullable Object> value) {
        return new OptionRow(key, options -> options.samplers() == null ? null : value.apply(options.samplers()));
    }

    static OptionRow structure(String key, Function<StructureOptions, @Nullable Object> value) {
        return new OptionRow(key, options -> options.structure() == null ? null : value.apply(options.structure()));
    }

    /** {@return the key of the API, or several for the same} */
    String key() {
        return key;
    }

    @Nullable
    Object in(GenerationOptions options) {
        return value.apply(options);
    }

    Place at(Form form) {
        return places.getOrDefault(form, new Place.Refused());
    }

    OptionRow at(Form form, String shown, BiConsumer<ObjectNode, Object> writer) {
        places.put(form, new Place.Field(shown, writer));
        return this;
    }

    OptionRow at(Form form, String field) {
        return at(form, field, (body, given) -> Values.number(body, field, given));
    }

    OptionRow llama(String field) {
        OF_LLAMA_SERVER.forEach(form -> at(form, field));
        return this;
    }

    OptionRow llama(String shown, BiConsumer<ObjectNode, Object> writer) {
        OF_LLAMA_SERVER.forEach(form -> at(form, shown, writer));
        return this;
    }

    OptionRow openai(String field) {
        OF_OPENAI.forEach(form -> at(form, field));
        return this;
    }

    OptionRow openai(String shown, BiConsumer<ObjectNode, Object> writer) {
        OF_OPENAI.forEach(form -> at(form, shown, writer));
        return this;
    }

    OptionRow old(String field) {
        return at(Form.NATIVE, field);
    }

    OptionRow everywhere(String field) {
        return llama(field).openai(field).old(field);
    }

    OptionRow ofTheNode() {
        for (Form form : Form.values()) {
            places.put(form, new Place.Node());
        }
        return this;
    }

    /** {@return the first of its keys, for messages} */
    String name() {
        return Objects.requireNonNull(key.split(", ", 2)[0]);
    }
}
