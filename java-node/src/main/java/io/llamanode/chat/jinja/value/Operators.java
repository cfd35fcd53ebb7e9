package io.llamanode.chat.jinja.value;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Binary operators and comparisons with Python's meaning. */
public final class Operators {
    private Operators() {}

    /**
     * {@return what a binary operator makes of two values}
     *
     * @param runtime pays for it
     * @param operator one of {@code + - * / // % ** ~}
     * @param left on its left
     * @param right on its right
     * @throws EvalException for values that it cannot combine
     */
    public static Value binary(Runtime runtime, String operator, Value left, Value right) {
        return switch (operator) {
            case "~" ->
                new StrBuilder(runtime)
                        .append(Printer.str(runtime, left))
                        .append(Printer.str(runtime, right))
                        .build();
            case "+" -> add(runtime, left, right);
            case "*" -> multiply(runtime, left, right);
            case "%" ->
                left instanceof Str format ? Formatting.percent(runtime, format, right) : number(operator, left, right);
            default -> number(operator, left, right);
        };
    }

    private static Value number(String operator, Value left, Value right) {
        if (Numbers.isNumber(left) && Numbers.isNumber(right)) {
            return Numbers.arithmetic(operator, left, right);
        }
        throw mismatch(operator, left, right);
    }

    private static EvalException mismatch(String operator, Value left, Value right) {
        return new EvalException("'" + operator + "' cannot combine " + Types.name(left) + " and " + Types.name(right));
    }

    private static Value add(Runtime runtime, Value left, Value right) {
        if (left instanceof Str a && right instanceof Str b) {
            return new StrBuilder(runtime).append(a).append(b).build();
        }
        // Python refuses to add nothing to a string; llama.cpp adds the empty string, and templates rely on it.
        if (left instanceof Str && nothing(right)) {
            return left;
        }
        if (right instanceof Str && nothing(left)) {
            return right;
        }
        if (left instanceof Value.Seq a && right instanceof Value.Seq b && a.tuple == b.tuple) {
            runtime.allocateElements((long) a.items.size() + b.items.size());
            List<Value> items = new ArrayList<>(a.items);
            items.addAll(b.items);
            return new Value.Seq(items, a.tuple);
        }
        return number("+", left, right);
    }

    private static boolean nothing(Value value) {
        return value instanceof Value.None || value instanceof Value.Undefined;
    }

    private static Value multiply(Runtime runtime, Value left, Value right) {
        if (left instanceof Str || left instanceof Value.Seq) {
            return repeat(runtime, left, right);
        }
        return right instanceof Str || right instanceof Value.Seq
                ? repeat(runtime, right, left)
                : number("*", left, right);
    }

    private static Value repeat(Runtime runtime, Value repeated, Value times) {
        if (!(times instanceof Value.Int || times instanceof Value.Bool)) {
            throw mismatch("*", repeated, times);
        }
        long count = Math.max(0, Numbers.asLong(times));
        if (repeated instanceof Value.Seq seq) {
            long size = seq.items.size();
            runtime.allocateElements(size == 0 ? 0 : Math.multiplyExact(size, Math.min(count, Integer.MAX_VALUE)));
            List<Value> items = new ArrayList<>();
            for (long i = 0; size > 0 && i < count; i++) {
                items.addAll(seq.items);
            }
            return new Value.Seq(items, seq.tuple);
        }
        Str str = (Str) repeated;
        StrBuilder builder = new StrBuilder(runtime);
        for (long i = 0; !str.isEmpty() && i < count; i++) {
            runtime.steps(1);
            builder.append(str);
        }
        return builder.build();
    }

    /**
     * {@return whether a comparison holds}
     *
     * @param runtime pays for it
     * @param operator one of {@code == != < <= > >= in}, or {@code not in}
     * @param left on its left
     * @param right on its right
     * @throws EvalException for values without an order
     */
    public static boolean compare(Runtime runtime, String operator, Value left, Value right) {
        return switch (operator) {
            case "==" -> equal(runtime, left, right);
            case "!=" -> !equal(runtime, left, right);
            case "in" -> contains(runtime, right, left);
            case "not in" -> !contains(runtime, right, left);
            case "<" -> order(runtime, operator, left, right) < 0;
            case "<=" -> order(runtime, operator, left, right) <= 0;
            case ">" -> order(runtime, operator, left, right) > 0;
            case ">=" -> order(runtime, operator, left, right) >= 0;
            default -> throw new EvalException("Unknown operator '" + operator + "'");
        };
    }

    /**
     * {@return whether two values are equal, looking into lists and dictionaries}
     *
     * @param runtime pays for it
     * @param left any value
     * @param right any value
     */
    public static boolean equal(Runtime runtime, Value left, Value right) {
        if (left == right) {
            runtime.steps(1);
            return true;
        }
        runtime.enter();
        runtime.reads(left);
        boolean equal = switch (left) {
            case Value.Undefined _ -> right instanceof Value.Undefined;
            case Value.Seq a -> right instanceof Value.Seq b && a.tuple == b.tuple && sameItems(runtime, a, b);
            case Value.Dict a -> right instanceof Value.Dict b && sameEntries(runtime, a, b);
            case Value.Callable _ -> false;
            case Value value -> value.equals(right);
        };
        runtime.leave();
        return equal;
    }

    private static boolean sameItems(Runtime runtime, Value.Seq a, Value.Seq b) {
        if (a.items.size() != b.items.size()) {
            return false;
        }
        for (int i = 0; i < a.items.size(); i++) {
            if (!equal(runtime, a.items.get(i), b.items.get(i))) {
                return false;
            }
        }
        return true;
    }

    private static boolean sameEntries(Runtime runtime, Value.Dict a, Value.Dict b) {
        if (a.entries.size() != b.entries.size()) {
            return false;
        }
        for (Map.Entry<Value, Value> entry : a.entries.entrySet()) {
            Value other = b.entries.get(entry.getKey());
            if (other == null || !equal(runtime, entry.getValue(), other)) {
                return false;
            }
        }
        return true;
    }

    static int order(Runtime runtime, String operator, Value left, Value right) {
        runtime.steps(1);
        runtime.reads(left);
        if (left instanceof Str a && right instanceof Str b) {
            return a.text.compareTo(b.text);
        }
        if (Numbers.isNumber(left) && Numbers.isNumber(right)) {
            return Numbers.compare(left, right);
        }
        if (left instanceof Value.Seq a && right instanceof Value.Seq b) {
            runtime.enter();
            int result = Integer.compare(a.items.size(), b.items.size());
            for (int i = 0; i < Math.min(a.items.size(), b.items.size()); i++) {
                if (!equal(runtime, a.items.get(i), b.items.get(i))) {
                    result = order(runtime, operator, a.items.get(i), b.items.get(i));
                    break;
                }
            }
            runtime.leave();
            return result;
        }
        throw mismatch(operator, left, right);
    }

    /**
     * {@return whether the element is in the container}
     *
     * @param runtime pays for it
     * @param container a string, a sequence or a dictionary
     * @param element looked for; in a string a part of it
     * @throws EvalException if the container is none
     */
    public static boolean contains(Runtime runtime, Value container, Value element) {
        return switch (container) {
            case Str str when element instanceof Str part -> Search.find(runtime, str.text, part.text, 0) >= 0;
            case Value.Dict dict -> dict.entries.containsKey(key(element));
            case Value.Seq seq -> {
                for (Value item : seq.items) {
                    if (equal(runtime, item, element)) {
                        yield true;
                    }
                }
                yield false;
            }
            case Value.Undefined _ -> false;
            default -> throw mismatch("in", element, container);
        };
    }

    /**
     * {@return a value as a dictionary key}
     *
     * @param value one that cannot be changed
     * @throws EvalException for lists, dictionaries and the like
     */
    public static Value key(Value value) {
        return switch (value) {
            case Str _, Value.Int _, Value.Float _, Value.Bool _, Value.None _, Value.Undefined _ -> value;
            default -> throw new EvalException("A " + Types.name(value) + " cannot be a dictionary key");
        };
    }
}
