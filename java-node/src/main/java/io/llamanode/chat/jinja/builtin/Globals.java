package io.llamanode.chat.jinja.builtin;

import io.llamanode.chat.jinja.RaisedException;
import io.llamanode.chat.jinja.value.Arguments;
import io.llamanode.chat.jinja.value.EvalException;
import io.llamanode.chat.jinja.value.Numbers;
import io.llamanode.chat.jinja.value.Printer;
import io.llamanode.chat.jinja.value.Runtime;
import io.llamanode.chat.jinja.value.Str;
import io.llamanode.chat.jinja.value.Types;
import io.llamanode.chat.jinja.value.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Functions every template can call. */
public final class Globals {
    private static final Map<String, Value> TABLE = new HashMap<>();

    static {
        define("range", Globals::range);
        define("dict", (runtime, arguments) -> {
            Map<Value, Value> entries = new LinkedHashMap<>();
            arguments.positional().forEach(source -> DictMethods.putAll(runtime, entries, source));
            arguments.named().forEach((key, value) -> entries.put(Str.trusted(key), value));
            return new Value.Dict(entries);
        });
        define("namespace", (runtime, arguments) -> {
            Value.Namespace namespace = new Value.Namespace();
            for (Value source : arguments.positional()) {
                Map<Value, Value> entries = new LinkedHashMap<>();
                DictMethods.putAll(runtime, entries, source);
                entries.forEach((key, value) -> namespace.attributes.put(Printer.str(runtime, key).text, value));
            }
            namespace.attributes.putAll(arguments.named());
            return namespace;
        });
        define("raise_exception", (runtime, arguments) -> {
            throw new RaisedException(Printer.str(runtime, arguments.one("raise_exception")).text, runtime.line());
        });
        define("strftime_now", (runtime, arguments) -> {
            Str format = Arguments.string(arguments.one("strftime_now"), "strftime_now");
            return Str.of(Strftime.format(runtime, format.text), format.trusted());
        });
        define("joiner", (_, arguments) -> {
            Value separator = arguments.bind("joiner", "sep")[0];
            boolean[] used = {false};
            return new Value.Callable("joiner", (_, _) -> {
                Value result = used[0] ? separator == null ? Str.trusted(", ") : separator : Str.EMPTY;
                used[0] = true;
                return result;
            });
        });
        define("cycler", (_, arguments) -> cycler(arguments.positional()));
    }

    private Globals() {}

    /**
     * {@return the function of that name, or null}
     *
     * @param name as the template has it
     */
    public static @Nullable Value get(String name) {
        return TABLE.get(name);
    }

    private static void define(String name, Value.Body body) {
        TABLE.put(name, new Value.Callable(name, body));
    }

    private static Value range(Runtime runtime, Arguments arguments) {
        List<Value> given = arguments.positional();
        if (given.isEmpty() || given.size() > 3 || !arguments.named().isEmpty()) {
            throw new EvalException("range takes one to three arguments");
        }
        long first = integer(given.getFirst());
        long start = given.size() == 1 ? 0 : first;
        long stop = given.size() == 1 ? first : integer(given.get(1));
        long step = given.size() < 3 ? 1 : integer(given.get(2));
        if (step == 0) {
            throw new EvalException("range cannot have a step of 0");
        }
        // In floating point, as the distance itself may overflow.
        double count = Math.max(0, Math.ceil(((double) stop - start) / step));
        runtime.allocateElements((long) Math.min(count, Integer.MAX_VALUE));
        List<Value> items = new ArrayList<>((int) count);
        for (long i = 0; i < (long) count; i++) {
            items.add(new Value.Int(start + i * step));
        }
        return Value.Seq.list(items);
    }

    private static long integer(Value value) {
        if (value instanceof Value.Int || value instanceof Value.Bool) {
            return Numbers.asLong(value);
        }
        throw new EvalException("range needs integers, got " + Types.name(value));
    }

    private static Value cycler(List<Value> items) {
        if (items.isEmpty()) {
            throw new EvalException("cycler needs values");
        }
        int[] index = {0};
        Value.Namespace cycler = new Value.Namespace();
        cycler.attributes.put("current", items.getFirst());
        cycler.attributes.put("next", new Value.Callable("cycler.next", (_, _) -> {
            Value current = items.get(index[0]);
            index[0] = (index[0] + 1) % items.size();
            cycler.attributes.put("current", items.get(index[0]));
            return current;
        }));
        cycler.attributes.put("reset", new Value.Callable("cycler.reset", (_, _) -> {
            index[0] = 0;
            cycler.attributes.put("current", items.getFirst());
            return Value.NONE;
        }));
        return cycler;
    }
}
