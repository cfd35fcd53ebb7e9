package io.llamanode.chat.jinja.value;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/** Stable sorting with Jinja's defaults: letters of either case are the same. */
public final class Sorting {
    private Sorting() {}

    /**
     * {@return the items in the order of their keys; equal ones keep their order, also when it is reversed}
     *
     * @param <T> what is sorted
     * @param runtime pays for it
     * @param items not changed
     * @param key by what an item is compared
     * @param caseSensitive whether upper case and lower case differ
     * @param reverse whether the greatest comes first
     * @throws EvalException if two keys have no order
     */
    public static <T> List<T> sort(
            Runtime runtime, Iterable<T> items, Function<T, Value> key, boolean caseSensitive, boolean reverse) {
        List<T> sorted = new ArrayList<>();
        items.forEach(sorted::add);
        Comparator<T> order = (a, b) -> Operators.order(
                runtime, "<", fold(runtime, key.apply(a), caseSensitive), fold(runtime, key.apply(b), caseSensitive));
        try {
            sorted.sort(reverse ? order.reversed() : order);
        } catch (IllegalArgumentException e) {
            throw new EvalException("The values cannot be ordered");
        }
        return sorted;
    }

    /**
     * {@return the entries in the order of their keys, upper case first}
     *
     * @param runtime pays for it
     * @param entries not changed
     */
    public static List<Map.Entry<Value, Value>> byKey(Runtime runtime, Map<Value, Value> entries) {
        return sort(runtime, entries.entrySet(), Map.Entry::getKey, true, false);
    }

    /**
     * {@return the value as it is compared: strings in lower case unless the case counts}
     *
     * @param runtime pays for it
     * @param value any value
     * @param caseSensitive whether upper case and lower case differ
     */
    public static Value fold(Runtime runtime, Value value, boolean caseSensitive) {
        runtime.reads(value);
        return value instanceof Str str && !caseSensitive
                ? Str.of(str.text.toLowerCase(Locale.ROOT), str.trusted())
                : value;
    }
}
