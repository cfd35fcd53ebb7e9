package io.llamanode.chat.jinja.builtin;

import io.llamanode.chat.jinja.value.Arguments;
import io.llamanode.chat.jinja.value.EvalException;
import io.llamanode.chat.jinja.value.Operators;
import io.llamanode.chat.jinja.value.Runtime;
import io.llamanode.chat.jinja.value.Types;
import io.llamanode.chat.jinja.value.Value;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Methods of lists and tuples. Lists are copies of the caller's, so changing them stays inside the rendering. */
final class ListMethods {
    private ListMethods() {}

    /** The method bound to {@code seq}, or null when there is none of that name. */
    static @Nullable Value bind(Value.Seq seq, String name) {
        Value.Body body = switch (name) {
            case "count" ->
                (runtime, arguments) -> new Value.Int(seq.items.stream()
                        .filter(item -> Operators.equal(runtime, item, arguments.one("count")))
                        .count());
            case "index" -> (runtime, arguments) -> index(runtime, seq, arguments.one("index"));
            default -> seq.tuple ? null : changing(seq.items, name);
        };
        return body == null ? null : new Value.Callable(name, body);
    }

    private static Value.@Nullable Body changing(List<Value> items, String name) {
        return switch (name) {
            case "append" ->
                (runtime, arguments) -> {
                    runtime.allocateElements(1);
                    items.add(arguments.one("append"));
                    return Value.NONE;
                };
            case "extend" ->
                (runtime, arguments) -> {
                    items.addAll(Types.elements(runtime, arguments.one("extend")));
                    return Value.NONE;
                };
            case "insert" ->
                (runtime, arguments) -> {
                    Value[] bound = arguments.bind("insert", "index", "object");
                    runtime.allocateElements(1);
                    items.add(
                            clamp(Arguments.integer(bound[0], "insert", 0), items.size()),
                            Arguments.required(bound[1], "insert", "object"));
                    return Value.NONE;
                };
            case "pop" ->
                (_, arguments) -> {
                    long index = Arguments.integer(arguments.bind("pop", "index")[0], "pop", -1);
                    long at = index < 0 ? index + items.size() : index;
                    if (at < 0 || at >= items.size()) {
                        throw new EvalException("pop: no item " + index + " in a list of " + items.size());
                    }
                    return items.remove((int) at);
                };
            case "remove" ->
                (runtime, arguments) -> {
                    Value index = index(runtime, Value.Seq.list(items), arguments.one("remove"));
                    items.remove((int) ((Value.Int) index).value());
                    return Value.NONE;
                };
            case "reverse" ->
                (_, arguments) -> {
                    arguments.none("reverse");
                    Collections.reverse(items);
                    return Value.NONE;
                };
            case "clear" ->
                (_, arguments) -> {
                    arguments.none("clear");
                    items.clear();
                    return Value.NONE;
                };
            case "copy" ->
                (runtime, arguments) -> {
                    arguments.none("copy");
                    return runtime.list(new ArrayList<>(items));
                };
            default -> null;
        };
    }

    private static int clamp(long index, int size) {
        return (int) Math.clamp(index < 0 ? index + size : index, 0L, size);
    }

    private static Value index(Runtime runtime, Value.Seq seq, Value wanted) {
        for (int i = 0; i < seq.items.size(); i++) {
            if (Operators.equal(runtime, seq.items.get(i), wanted)) {
                return new Value.Int(i);
            }
        }
        throw new EvalException("The value is not in the list");
    }
}
