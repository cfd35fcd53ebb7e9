package io.llamanode.chat.jinja.builtin;

import io.llamanode.chat.jinja.value.Arguments;
import io.llamanode.chat.jinja.value.EvalException;
import io.llamanode.chat.jinja.value.Operators;
import io.llamanode.chat.jinja.value.Printer;
import io.llamanode.chat.jinja.value.Runtime;
import io.llamanode.chat.jinja.value.Sorting;
import io.llamanode.chat.jinja.value.Str;
import io.llamanode.chat.jinja.value.StrBuilder;
import io.llamanode.chat.jinja.value.Types;
import io.llamanode.chat.jinja.value.Value;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Filters of lists and dictionaries. */
final class ListFilters {
    private static final List<String> GROUP = List.of("grouper", "list");

    private ListFilters() {}

    static void define(Map<String, Filters.Filter> table) {
        table.put("join", ListFilters::join);
        table.put("list", (runtime, value, _) -> Value.Seq.list(new ArrayList<>(Types.elements(runtime, value))));
        table.put("first", (runtime, value, _) -> {
            List<Value> items = Types.elements(runtime, value);
            return items.isEmpty() ? new Value.Undefined("the first item of an empty sequence") : items.getFirst();
        });
        table.put("last", (runtime, value, _) -> {
            List<Value> items = Types.elements(runtime, value);
            return items.isEmpty() ? new Value.Undefined("the last item of an empty sequence") : items.getLast();
        });
        table.put("items", (runtime, value, _) -> switch (value) {
            case Value.Undefined _ -> Value.Seq.empty();
            case Value.Dict dict -> DictMethods.items(runtime, dict);
            default -> throw new EvalException("items needs a mapping, got " + Types.name(value));
        });
        table.put("dictsort", ListFilters::dictsort);
        table.put("sort", ListFilters::sort);
        table.put("unique", ListFilters::unique);
        table.put("reverse", ListFilters::reverse);
        table.put("min", (runtime, value, arguments) -> extreme(runtime, value, arguments, "min"));
        table.put("max", (runtime, value, arguments) -> extreme(runtime, value, arguments, "max"));
        table.put("sum", ListFilters::sum);
        table.put("map", ListFilters::map);
        table.put("groupby", ListFilters::groupby);
        table.put("select", (runtime, value, arguments) -> select(runtime, value, arguments, false, true));
        table.put("reject", (runtime, value, arguments) -> select(runtime, value, arguments, false, false));
        table.put("selectattr", (runtime, value, arguments) -> select(runtime, value, arguments, true, true));
        table.put("rejectattr", (runtime, value, arguments) -> select(runtime, value, arguments, true, false));
    }

    private static Function<Value, Value> attribute(Runtime runtime, @Nullable Value path) {
        return attribute(runtime, path, null);
    }

    /**
     * Reads an attribute given as a dotted path, or the value itself when there is none. {@code fallback}, if it is
     * not null, stands in wherever a part of the path leads nowhere.
     */
    private static Function<Value, Value> attribute(Runtime runtime, @Nullable Value path, @Nullable Value fallback) {
        if (path == null || path instanceof Value.None) {
            return value -> value;
        }
        List<Value> parts = new ArrayList<>();
        if (path instanceof Str str) {
            for (String name : str.text.split("\\.", -1)) {
                parts.add(name.matches("\\d{1,9}") ? new Value.Int(Long.parseLong(name)) : Str.trusted(name));
            }
        } else {
            parts.add(path);
        }
        return value -> {
            Value result = value;
            for (Value part : parts) {
                result = Access.index(runtime, result, part);
                if (fallback != null && result instanceof Value.Undefined) {
                    result = fallback;
                }
            }
            return result;
        };
    }

    /** Sorts by several attributes, the first first, where they are given with commas between them. */
    private static Function<Value, Value> attributes(Runtime runtime, Value paths, boolean caseSensitive) {
        if (!(paths instanceof Str str) || str.text.indexOf(',') < 0) {
            return attribute(runtime, paths);
        }
        List<Function<Value, Value>> each = new ArrayList<>();
        for (String path : str.text.split(",", -1)) {
            each.add(attribute(runtime, Str.trusted(path)));
        }
        return value -> new Value.Seq(
                each.stream()
                        .map(one -> Sorting.fold(runtime, one.apply(value), caseSensitive))
                        .toList(),
                true);
    }

    private static Value join(Runtime runtime, Value value, Arguments arguments) {
        Value[] bound = arguments.bind("join", "d", "attribute");
        Str separator = bound[0] == null ? Str.EMPTY : Printer.str(runtime, bound[0]);
        Function<Value, Value> attribute = attribute(runtime, bound[1]);
        StrBuilder builder = new StrBuilder(runtime);
        boolean first = true;
        for (Value item : Types.elements(runtime, value)) {
            if (!first) {
                builder.append(separator);
            }
            builder.append(Printer.str(runtime, attribute.apply(item)));
            first = false;
        }
        return builder.build();
    }

    private static Value dictsort(Runtime runtime, Value value, Arguments arguments) {
        Value[] bound = arguments.bind("dictsort", "case_sensitive", "by", "reverse");
        if (!(value instanceof Value.Dict dict)) {
            throw new EvalException("dictsort needs a mapping, got " + Types.name(value));
        }
        String by = bound[1] == null ? "key" : Arguments.string(bound[1], "dictsort").text;
        if (!by.equals("key") && !by.equals("value")) {
            throw new EvalException("dictsort sorts by 'key' or 'value', not by '" + by + "'");
        }
        boolean byValue = by.equals("value");
        List<Value> pairs = new ArrayList<>();
        for (Map.Entry<Value, Value> entry : Sorting.sort(
                runtime,
                dict.entries.entrySet(),
                byValue ? Map.Entry::getValue : Map.Entry::getKey,
                Arguments.flag(bound[0], false),
                Arguments.flag(bound[2], false))) {
            pairs.add(Value.Seq.tuple(entry.getKey(), entry.getValue()));
        }
        return runtime.list(pairs);
    }

    private static Value sort(Runtime runtime, Value value, Arguments arguments) {
        Value[] bound = arguments.bind("sort", "reverse", "case_sensitive", "attribute");
        return Value.Seq.list(Sorting.sort(
                runtime,
                Types.elements(runtime, value),
                attributes(runtime, bound[2], Arguments.flag(bound[1], false)),
                Arguments.flag(bound[1], false),
                Arguments.flag(bound[0], false)));
    }

    private static Value unique(Runtime runtime, Value value, Arguments arguments) {
        Value[] bound = arguments.bind("unique", "case_sensitive", "attribute");
        Function<Value, Value> attribute = attribute(runtime, bound[1]);
        boolean caseSensitive = Arguments.flag(bound[0], false);
        Set<Value> seen = new HashSet<>();
        List<Value> items = new ArrayList<>();
        for (Value item : Types.elements(runtime, value)) {
            if (seen.add(Operators.key(Sorting.fold(runtime, attribute.apply(item), caseSensitive)))) {
                items.add(item);
            }
        }
        return runtime.list(items);
    }

    private static Value reverse(Runtime runtime, Value value, Arguments arguments) {
        arguments.none("reverse");
        if (value instanceof Str str) {
            return Access.slice(runtime, str, null, null, new Value.Int(-1));
        }
        List<Value> items = new ArrayList<>(Types.elements(runtime, value));
        Collections.reverse(items);
        return Value.Seq.list(items);
    }

    private static Value extreme(Runtime runtime, Value value, Arguments arguments, String name) {
        Value[] bound = arguments.bind(name, "case_sensitive", "attribute");
        List<Value> sorted = Sorting.sort(
                runtime,
                Types.elements(runtime, value),
                attribute(runtime, bound[1]),
                Arguments.flag(bound[0], false),
                name.equals("max"));
        return sorted.isEmpty() ? new Value.Undefined("the " + name + " of nothing") : sorted.getFirst();
    }

    private static Value sum(Runtime runtime, Value value, Arguments arguments) {
        Value[] bound = arguments.bind("sum", "attribute", "start");
        Function<Value, Value> attribute = attribute(runtime, bound[0]);
        Value sum = bound[1] == null ? new Value.Int(0) : bound[1];
        for (Value item : Types.elements(runtime, value)) {
            sum = Operators.binary(runtime, "+", sum, attribute.apply(item));
        }
        return sum;
    }

    private static Value map(Runtime runtime, Value value, Arguments arguments) {
        List<Value> mapped = new ArrayList<>();
        if (!Types.truthy(value)) {
            return Value.Seq.list(mapped);
        }
        if (arguments.positional().isEmpty()) {
            Value[] bound = arguments.bind("map", "attribute", "default");
            Function<Value, Value> attribute = attribute(
                    runtime,
                    Arguments.required(bound[0], "map", "attribute"),
                    bound[1] instanceof Value.None ? null : bound[1]);
            for (Value item : Types.elements(runtime, value)) {
                mapped.add(attribute.apply(item));
            }
            return Value.Seq.list(mapped);
        }
        Filters.Filter filter =
                Filters.require(Arguments.string(arguments.positional().getFirst(), "map").text);
        Arguments rest = rest(arguments, 1);
        for (Value item : Types.elements(runtime, value)) {
            runtime.enter();
            runtime.reads(item);
            mapped.add(filter.apply(runtime, item, rest));
            runtime.leave();
        }
        return Value.Seq.list(mapped);
    }

    private static Arguments rest(Arguments arguments, int used) {
        return new Arguments(
                arguments.positional().subList(used, arguments.positional().size()), arguments.named());
    }

    private static Value groupby(Runtime runtime, Value value, Arguments arguments) {
        Value[] bound = arguments.bind("groupby", "attribute", "default", "case_sensitive");
        Function<Value, Value> key = attribute(
                runtime,
                Arguments.required(bound[0], "groupby", "attribute"),
                bound[1] instanceof Value.None ? null : bound[1]);
        boolean caseSensitive = Arguments.flag(bound[2], false);
        Map<Value, List<Value>> groups = new LinkedHashMap<>();
        for (Value item : Sorting.sort(runtime, Types.elements(runtime, value), key, caseSensitive, false)) {
            groups.computeIfAbsent(
                            Operators.key(Sorting.fold(runtime, key.apply(item), caseSensitive)),
                            _ -> new ArrayList<>())
                    .add(item);
        }
        // Keys that differ in case only are one group, which goes by the key of its first item as that was written.
        List<Value> result = new ArrayList<>();
        groups.values()
                .forEach(items ->
                        result.add(Value.Seq.named(GROUP, key.apply(items.getFirst()), Value.Seq.list(items))));
        return runtime.list(result);
    }

    private static Value select(
            Runtime runtime, Value value, Arguments arguments, boolean byAttribute, boolean wanted) {
        if (!Types.truthy(value)) {
            // Jinja2 looks at nothing else then: templates pass tools that are none, false or not defined.
            return Value.Seq.empty();
        }
        List<Value> given = arguments.positional();
        int used = byAttribute ? 1 : 0;
        if (given.size() < used) {
            throw new EvalException("selectattr and rejectattr need an attribute");
        }
        if (runtime.usage != null && byAttribute) {
            runtime.usage.iterated(value);
        }
        Function<Value, Value> attribute = attribute(runtime, byAttribute ? given.getFirst() : null);
        Tests.Test test = (_, item, _) -> Types.truthy(item);
        if (given.size() > used) {
            test = Tests.require(Arguments.string(given.get(used), "select").text);
            used++;
        }
        Arguments rest = rest(arguments, used);
        List<Value> selected = new ArrayList<>();
        for (Value item : Types.elements(runtime, value)) {
            Value tested = attribute.apply(item);
            runtime.reads(tested);
            if (test.test(runtime, tested, rest) == wanted) {
                selected.add(item);
            }
        }
        return Value.Seq.list(selected);
    }
}
