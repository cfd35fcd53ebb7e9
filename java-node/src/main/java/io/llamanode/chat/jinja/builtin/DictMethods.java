package io.llamanode.chat.jinja.builtin;

import io.llamanode.chat.jinja.value.Arguments;
import io.llamanode.chat.jinja.value.EvalException;
import io.llamanode.chat.jinja.value.Operators;
import io.llamanode.chat.jinja.value.Runtime;
import io.llamanode.chat.jinja.value.Str;
import io.llamanode.chat.jinja.value.Types;
import io.llamanode.chat.jinja.value.Value;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Methods of dictionaries. */
final class DictMethods {
    private DictMethods() {}

    /** The method bound to {@code dict}, or null when there is none of that name. */
    static @Nullable Value bind(Value.Dict dict, String name) {
        Map<Value, Value> entries = dict.entries;
        Value.Body body = switch (name) {
            case "get" ->
                (runtime, arguments) -> {
                    Value[] bound = arguments.bind("get", "key", "default");
                    Value found = entries.get(Operators.key(Arguments.required(bound[0], "get", "key")));
                    if (found != null && runtime.usage != null) {
                        runtime.usage.used(found);
                    }
                    return found != null ? found : bound[1] != null ? bound[1] : Value.NONE;
                };
            case "items" ->
                (runtime, arguments) -> {
                    arguments.none("items");
                    return items(runtime, dict);
                };
            case "keys" ->
                (runtime, arguments) -> {
                    arguments.none("keys");
                    return runtime.list(new ArrayList<>(entries.keySet()));
                };
            case "values" ->
                (runtime, arguments) -> {
                    arguments.none("values");
                    return runtime.list(new ArrayList<>(entries.values()));
                };
            case "copy" ->
                (runtime, arguments) -> {
                    arguments.none("copy");
                    runtime.allocateElements(entries.size());
                    return new Value.Dict(new LinkedHashMap<>(entries));
                };
            default -> changing(entries, name);
        };
        return body == null ? null : new Value.Callable(name, body);
    }

    private static Value.@Nullable Body changing(Map<Value, Value> entries, String name) {
        return switch (name) {
            case "pop" ->
                (_, arguments) -> {
                    Value[] bound = arguments.bind("pop", "key", "default");
                    Value removed = entries.remove(Operators.key(Arguments.required(bound[0], "pop", "key")));
                    return removed != null ? removed : Arguments.required(bound[1], "pop of a missing key", "default");
                };
            case "setdefault" ->
                (runtime, arguments) -> {
                    Value[] bound = arguments.bind("setdefault", "key", "default");
                    runtime.allocateElements(1);
                    return entries.computeIfAbsent(
                            Operators.key(Arguments.required(bound[0], "setdefault", "key")),
                            _ -> bound[1] == null ? Value.NONE : bound[1]);
                };
            case "update" ->
                (runtime, arguments) -> {
                    for (Value source : arguments.positional()) {
                        putAll(runtime, entries, source);
                    }
                    runtime.allocateElements(arguments.named().size());
                    arguments.named().forEach((key, value) -> entries.put(Str.trusted(key), value));
                    return Value.NONE;
                };
            case "clear" ->
                (_, arguments) -> {
                    arguments.none("clear");
                    entries.clear();
                    return Value.NONE;
                };
            default -> null;
        };
    }

    /** Adds the entries of a dictionary or of a list of pairs. */
    static void putAll(Runtime runtime, Map<Value, Value> entries, Value source) {
        if (source instanceof Value.Dict other) {
            runtime.allocateElements(other.entries.size());
            entries.putAll(new LinkedHashMap<>(other.entries));
            return;
        }
        for (Value pair : Types.elements(runtime, source)) {
            List<Value> parts = Types.elements(runtime, pair);
            if (parts.size() != 2) {
                throw new EvalException("A dictionary is made of pairs");
            }
            entries.put(Operators.key(parts.get(0)), parts.get(1));
        }
    }

    /** Pairs of key and value. */
    static Value.Seq items(Runtime runtime, Value.Dict dict) {
        List<Value> pairs = new ArrayList<>(dict.entries.size());
        dict.entries.forEach((key, value) -> pairs.add(Value.Seq.tuple(key, value)));
        return runtime.list(pairs);
    }
}
