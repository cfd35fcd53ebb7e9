package io.llamanode.chat.jinja.builtin;

import io.llamanode.chat.jinja.value.Arguments;
import io.llamanode.chat.jinja.value.EvalException;
import io.llamanode.chat.jinja.value.Loop;
import io.llamanode.chat.jinja.value.Numbers;
import io.llamanode.chat.jinja.value.Operators;
import io.llamanode.chat.jinja.value.Printer;
import io.llamanode.chat.jinja.value.Runtime;
import io.llamanode.chat.jinja.value.Str;
import io.llamanode.chat.jinja.value.StrBuilder;
import io.llamanode.chat.jinja.value.Types;
import io.llamanode.chat.jinja.value.Value;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Attributes, items and slices of values. Only the tables of this package are reachable. */
public final class Access {
    private Access() {}

    /**
     * {@return {@code object.name}: a method wins over an entry of that name}
     *
     * @param runtime pays for it
     * @param object any value
     * @param name the attribute; undefined if there is none
     * @throws EvalException if the object itself is undefined
     */
    public static Value member(Runtime runtime, Value object, String name) {
        runtime.reads(object);
        Value method = switch (object) {
            case Value.Undefined(String description) ->
                throw new EvalException("Attribute '" + name + "' of " + description + ", which is undefined");
            case Str str -> StringMethods.bind(str, name);
            case Value.Seq seq ->
                seq.names.contains(name) ? seq.items.get(seq.names.indexOf(name)) : ListMethods.bind(seq, name);
            case Value.Dict dict -> DictMethods.bind(dict, name);
            case Loop loop -> loop.attribute(name);
            case Value.Namespace namespace -> namespace.attributes.get(name);
            default -> null;
        };
        if (method == null && object instanceof Value.Dict dict) {
            method = dict.get(name);
        }
        Value result = method == null ? new Value.Undefined("'" + name + "'") : method;
        touched(runtime, object, result);
        return result;
    }

    /**
     * {@return {@code object[index]}: an entry wins over a method of that name}
     *
     * @param runtime pays for it
     * @param object any value
     * @param index a key, or a position, from the end if negative; undefined if there is nothing
     * @throws EvalException if the object itself is undefined
     */
    public static Value index(Runtime runtime, Value object, Value index) {
        runtime.reads(object);
        Value result = switch (object) {
            case Value.Undefined(String description) ->
                throw new EvalException("An item of " + description + ", which is undefined");
            case Value.Dict dict -> dict.entries.get(Operators.key(index));
            case Value.Seq seq
            when isIndex(index) -> {
                long at = position(Numbers.asLong(index), seq.items.size());
                yield at < 0 ? null : seq.items.get((int) at);
            }
            case Str str
            when isIndex(index) -> {
                if (runtime.usage != null) {
                    runtime.usage.iterated(str);
                }
                long at = position(Numbers.asLong(index), str.length());
                yield at < 0 ? null : character(str, (int) at);
            }
            default -> null;
        };
        if (result != null) {
            touched(runtime, object, result);
            return result;
        }
        if (index instanceof Str name) {
            return object instanceof Value.Dict dict
                    ? orUndefined(DictMethods.bind(dict, name.text), name.text)
                    : member(runtime, object, name.text);
        }
        return new Value.Undefined("item " + Printer.str(runtime, index).text);
    }

    private static Value orUndefined(@Nullable Value value, String name) {
        return value == null ? new Value.Undefined("'" + name + "'") : value;
    }

    private static boolean isIndex(Value index) {
        return index instanceof Value.Int || index instanceof Value.Bool;
    }

    private static long position(long index, int length) {
        long position = index < 0 ? index + length : index;
        return position < length ? position : -1;
    }

    private static Str character(Str str, int index) {
        int from = str.text.offsetByCodePoints(0, index);
        return str.sub(from, str.text.offsetByCodePoints(from, 1));
    }

    private static void touched(Runtime runtime, Value object, Value result) {
        if (runtime.usage != null) {
            runtime.usage.used(object);
            runtime.usage.used(result);
        }
    }

    /**
     * {@return {@code object[start:stop:step]}; null stands for a bound that was left out}
     *
     * @param runtime pays for it
     * @param object a string or a sequence
     * @param start first position, from the end if negative
     * @param stop position behind the last one, from the end if negative
     * @param step from one position to the next; backwards if negative
     * @throws EvalException if the object cannot be sliced, a bound is no integer or the step is 0
     */
    public static Value slice(
            Runtime runtime, Value object, @Nullable Value start, @Nullable Value stop, @Nullable Value step) {
        // Longer steps than any sequence all mean the same, and cannot overflow an index.
        long by = Math.clamp(Arguments.integer(step, "A slice", 1), -Integer.MAX_VALUE, Integer.MAX_VALUE);
        if (by == 0) {
            throw new EvalException("A slice cannot have a step of 0");
        }
        return switch (object) {
            case Str str -> sliceString(runtime, str, bounds(str.length(), start, stop, by), by);
            case Value.Seq seq -> {
                long[] bounds = bounds(seq.items.size(), start, stop, by);
                List<Value> items = new ArrayList<>();
                for (long i = bounds[0]; by > 0 ? i < bounds[1] : i > bounds[1]; i += by) {
                    items.add(seq.items.get((int) i));
                }
                runtime.allocateElements(items.size());
                yield new Value.Seq(items, seq.tuple);
            }
            default -> throw new EvalException("A " + Types.name(object) + " cannot be sliced");
        };
    }

    private static Str sliceString(Runtime runtime, Str str, long[] bounds, long by) {
        if (by == 1) {
            if (bounds[0] >= bounds[1]) {
                return Str.EMPTY;
            }
            int from = str.text.offsetByCodePoints(0, (int) bounds[0]);
            int to = str.text.offsetByCodePoints(from, (int) (bounds[1] - bounds[0]));
            runtime.allocateChars(0, to - from);
            return str.sub(from, to);
        }
        List<Value> characters = Types.elements(runtime, str);
        StrBuilder builder = new StrBuilder(runtime);
        for (long i = bounds[0]; by > 0 ? i < bounds[1] : i > bounds[1]; i += by) {
            builder.append((Str) characters.get((int) i));
        }
        return builder.build();
    }

    /** First index and the index to stop before, inside the sequence, as Python's {@code slice.indices}. */
    private static long[] bounds(int length, @Nullable Value start, @Nullable Value stop, long step) {
        long lowest = step > 0 ? 0 : -1;
        long highest = step > 0 ? length : length - 1L;
        return new long[] {
            bound(start, length, lowest, highest, step > 0 ? lowest : highest),
            bound(stop, length, lowest, highest, step > 0 ? highest : lowest)
        };
    }

    private static long bound(@Nullable Value bound, int length, long lowest, long highest, long fallback) {
        if (bound == null || bound instanceof Value.None) {
            return fallback;
        }
        long index = Arguments.integer(bound, "A slice", 0);
        return Math.clamp(index < 0 ? index + length : index, lowest, highest);
    }
}
