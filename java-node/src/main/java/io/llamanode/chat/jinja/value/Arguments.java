package io.llamanode.chat.jinja.value;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Evaluated arguments of a call, filter or test.
 *
 * @param positional in order
 * @param named by name
 */
public record Arguments(List<Value> positional, Map<String, Value> named) {
    /** No arguments. */
    public static final Arguments NONE = new Arguments(List.of(), Map.of());

    /**
     * Puts arguments to parameters.
     *
     * @param function its name, for messages
     * @param parameters their names, in order
     * @return one value for each parameter, null where none was given
     * @throws EvalException if there are too many arguments, or unknown ones
     */
    public Value[] bind(String function, String... parameters) {
        if (positional.size() > parameters.length) {
            throw new EvalException(
                    function + " takes at most " + parameters.length + " arguments, got " + positional.size());
        }
        Value[] bound = positional.toArray(new Value[parameters.length]);
        for (Map.Entry<String, Value> entry : named.entrySet()) {
            int index = Arrays.asList(parameters).indexOf(entry.getKey());
            if (index < 0) {
                throw new EvalException(function + " has no parameter '" + entry.getKey() + "'");
            }
            if (bound[index] != null) {
                throw new EvalException(function + " got two values for '" + entry.getKey() + "'");
            }
            bound[index] = entry.getValue();
        }
        return bound;
    }

    /**
     * {@return the only argument}
     *
     * @param function its name, for messages
     * @throws EvalException if there is not exactly one
     */
    public Value one(String function) {
        if (positional.size() != 1 || !named.isEmpty()) {
            throw new EvalException(function + " takes one argument");
        }
        return positional.getFirst();
    }

    /**
     * Checks that there are none.
     *
     * @param function its name, for messages
     * @throws EvalException if there is any
     */
    public void none(String function) {
        if (!positional.isEmpty() || !named.isEmpty()) {
            throw new EvalException(function + " takes no arguments");
        }
    }

    /**
     * {@return the value, which must have been given}
     *
     * @param value of {@link #bind}
     * @param function its name, for messages
     * @param parameter its name, for messages
     * @throws EvalException if it is null
     */
    public static Value required(Value value, String function, String parameter) {
        if (value == null) {
            throw new EvalException(function + " needs '" + parameter + "'");
        }
        return value;
    }

    /**
     * {@return the value, which must be a string}
     *
     * @param value of {@link #bind}
     * @param function its name, for messages
     * @throws EvalException if it is no string
     */
    public static Str string(Value value, String function) {
        if (value instanceof Str str) {
            return str;
        }
        throw new EvalException(function + " needs a string, got " + Types.name(value));
    }

    /**
     * {@return the value, which must be a string, or {@code fallback} if it was left out}
     *
     * @param value of {@link #bind}
     * @param function its name, for messages
     * @param fallback stands for null
     * @throws EvalException if it is no string
     */
    public static Str string(Value value, String function, Str fallback) {
        return value == null ? fallback : string(value, function);
    }

    /**
     * {@return the value, which must be an integer, or {@code fallback} if it was left out or is none}
     *
     * @param value of {@link #bind}
     * @param function its name, for messages
     * @param fallback stands for null and {@code none}
     * @throws EvalException if it is something else
     */
    public static long integer(@Nullable Value value, String function, long fallback) {
        return switch (value) {
            case null -> fallback;
            case Value.None _ -> fallback;
            case Value.Int(long number) -> number;
            case Value.Bool(boolean flag) -> flag ? 1 : 0;
            default -> throw new EvalException(function + " needs an integer, got " + Types.name(value));
        };
    }

    /**
     * {@return the truth of the value, or {@code fallback} if it was left out}
     *
     * @param value of {@link #bind}
     * @param fallback stands for null
     */
    public static boolean flag(Value value, boolean fallback) {
        return value == null ? fallback : Types.truthy(value);
    }
}
