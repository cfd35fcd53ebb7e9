package io.llamanode.chat.jinja.builtin;

import io.llamanode.chat.jinja.value.Arguments;
import io.llamanode.chat.jinja.value.EvalException;
import io.llamanode.chat.jinja.value.Numbers;
import io.llamanode.chat.jinja.value.Operators;
import io.llamanode.chat.jinja.value.Printer;
import io.llamanode.chat.jinja.value.Runtime;
import io.llamanode.chat.jinja.value.Str;
import io.llamanode.chat.jinja.value.Types;
import io.llamanode.chat.jinja.value.Value;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The tests of {@code is}. */
public final class Tests {
    private static final Map<String, Test> TABLE = new HashMap<>();

    static {
        plain("defined", value -> !(value instanceof Value.Undefined));
        plain("undefined", value -> value instanceof Value.Undefined);
        plain("none", value -> value instanceof Value.None);
        plain("string", value -> value instanceof Str);
        plain("mapping", value -> value instanceof Value.Dict);
        plain("iterable", Types::iterable);
        // Jinja asks for a length and items, which a dictionary has too.
        plain("sequence", Types::iterable);
        plain("number", Numbers::isNumber);
        plain("integer", value -> value instanceof Value.Int);
        plain("float", value -> value instanceof Value.Float);
        plain("boolean", value -> value instanceof Value.Bool);
        plain("true", value -> value instanceof Value.Bool(boolean flag) && flag);
        plain("false", value -> value instanceof Value.Bool(boolean flag) && !flag);
        plain("callable", value -> value instanceof Value.Callable);
        plain("escaped", _ -> false);
        plain("odd", value -> Math.floorMod(Numbers.asLong(value), 2) == 1);
        plain("even", value -> Math.floorMod(Numbers.asLong(value), 2) == 0);
        plain(
                "lower",
                value -> value instanceof Str str && StringMethods.cased(str.text, str.text.toLowerCase(Locale.ROOT)));
        plain(
                "upper",
                value -> value instanceof Str str && StringMethods.cased(str.text, str.text.toUpperCase(Locale.ROOT)));
        TABLE.put(
                "divisibleby",
                (runtime, value, arguments) ->
                        Numbers.compare(new Value.Int(0), Numbers.arithmetic("%", value, arguments.one("divisibleby")))
                                == 0);
        TABLE.put("in", (runtime, value, arguments) -> Operators.contains(runtime, arguments.one("in"), value));
        TABLE.put("sameas", (runtime, value, arguments) -> same(value, arguments.one("sameas")));
        TABLE.put("filter", (runtime, value, _) -> Filters.get(Printer.str(runtime, value).text) != null);
        TABLE.put("test", (runtime, value, _) -> TABLE.containsKey(Printer.str(runtime, value).text));
        comparison("==", "eq", "equalto", "==");
        comparison("!=", "ne", "!=");
        comparison("<", "lt", "lessthan", "<");
        comparison("<=", "le", "<=");
        comparison(">", "gt", "greaterthan", ">");
        comparison(">=", "ge", ">=");
    }

    private Tests() {}

    /** A test of a value. */
    @FunctionalInterface
    public interface Test {
        /**
         * Computes {@code value is test(arguments)}.
         *
         * @param runtime pays for it
         * @param value what stands before {@code is}
         * @param arguments what stands behind the test's name
         * @return whether it holds
         * @throws EvalException if they do not suit the test
         */
        boolean test(Runtime runtime, Value value, Arguments arguments);
    }

    private interface Plain {
        boolean test(Value value);
    }

    /** The test of that name, or null. */
    static @Nullable Test get(String name) {
        return TABLE.get(name);
    }

    /**
     * {@return the test of that name}
     *
     * @param name as the template has it
     * @throws EvalException if there is none
     */
    public static Test require(String name) {
        Test test = TABLE.get(name);
        if (test == null) {
            throw new EvalException("The test '" + name + "' is not supported");
        }
        return test;
    }

    private static void plain(String name, Plain test) {
        TABLE.put(name, (_, value, arguments) -> {
            arguments.none("The test '" + name + "'");
            return test.test(value);
        });
    }

    private static void comparison(String operator, String... names) {
        for (String name : names) {
            TABLE.put(
                    name,
                    (runtime, value, arguments) ->
                            Operators.compare(runtime, operator, value, arguments.one("The test '" + name + "'")));
        }
    }

    private static boolean same(Value left, Value right) {
        return left == right
                || !(left instanceof Value.Seq) && left.getClass() == right.getClass() && left.equals(right);
    }
}
