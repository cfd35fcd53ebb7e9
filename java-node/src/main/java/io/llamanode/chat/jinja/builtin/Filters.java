package io.llamanode.chat.jinja.builtin;

import io.llamanode.chat.jinja.value.Arguments;
import io.llamanode.chat.jinja.value.EvalException;
import io.llamanode.chat.jinja.value.Formatting;
import io.llamanode.chat.jinja.value.Numbers;
import io.llamanode.chat.jinja.value.Printer;
import io.llamanode.chat.jinja.value.Runtime;
import io.llamanode.chat.jinja.value.Search;
import io.llamanode.chat.jinja.value.Str;
import io.llamanode.chat.jinja.value.StrBuilder;
import io.llamanode.chat.jinja.value.Types;
import io.llamanode.chat.jinja.value.Value;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Filters of single values; {@link ListFilters} has those of lists. */
public final class Filters {
    private static final Map<String, Filter> TABLE = new HashMap<>();

    static {
        define(ToJson::filter, "tojson");
        define((_, value, arguments) -> defaulted(value, arguments), "default", "d");
        define(
                (_, value, arguments) -> {
                    arguments.none("length");
                    return new Value.Int(Types.length(value));
                },
                "length",
                "count");
        define((runtime, value, _) -> Printer.str(runtime, value), "string", "safe");
        define(Filters::escape, "escape", "e", "forceescape");
        define(
                (runtime, value, arguments) -> {
                    Value chars = arguments.bind("trim", "chars")[0];
                    return Printer.str(runtime, value)
                            .strip(
                                    true,
                                    true,
                                    chars == null || chars instanceof Value.None
                                            ? null
                                            : Arguments.string(chars, "trim").text);
                },
                "trim");
        define(
                (runtime, value, _) ->
                        StringMethods.map(runtime, Printer.str(runtime, value), text -> text.toUpperCase(Locale.ROOT)),
                "upper");
        define(
                (runtime, value, _) ->
                        StringMethods.map(runtime, Printer.str(runtime, value), text -> text.toLowerCase(Locale.ROOT)),
                "lower");
        define(
                (runtime, value, _) -> StringMethods.title(
                        runtime, Printer.str(runtime, value), c -> Str.isSpace(c) || "-({[<".indexOf(c) >= 0),
                "title");
        define((runtime, value, _) -> StringMethods.capitalize(runtime, Printer.str(runtime, value)), "capitalize");
        define(
                (runtime, value, arguments) -> StringMethods.replace(runtime, Printer.str(runtime, value), arguments),
                "replace");
        define(
                (runtime, value, arguments) -> arguments.named().isEmpty()
                        ? Formatting.percent(
                                runtime, Printer.str(runtime, value), new Value.Seq(arguments.positional(), true))
                        : Formatting.percent(runtime, Printer.str(runtime, value), named(arguments)),
                "format");
        define(Filters::indent, "indent");
        define(
                (runtime, value, _) -> new Value.Int(
                        Search.words(Printer.str(runtime, value), -1).size()),
                "wordcount");
        define((_, value, arguments) -> toInt(value, arguments), "int");
        define((_, value, arguments) -> toFloat(value, arguments), "float");
        define(
                (_, value, _) -> Numbers.compare(value, new Value.Int(0)) < 0
                        ? Numbers.arithmetic("*", value, new Value.Int(-1))
                        : Numbers.arithmetic("+", value, new Value.Int(0)),
                "abs");
        define((_, value, arguments) -> round(value, arguments), "round");
        define((runtime, value, arguments) -> Access.index(runtime, value, arguments.one("attr")), "attr");
        ListFilters.define(TABLE);
    }

    private Filters() {}

    /** A filter of a value. */
    @FunctionalInterface
    public interface Filter {
        /**
         * Computes {@code value|filter(arguments)}.
         *
         * @param runtime pays for it
         * @param value what stands before the filter
         * @param arguments what stands in its parentheses
         * @return the result; {@code value} is not changed
         * @throws EvalException if they do not suit the filter
         */
        Value apply(Runtime runtime, Value value, Arguments arguments);
    }

    /** The filter of that name, or null. */
    static @Nullable Filter get(String name) {
        return TABLE.get(name);
    }

    /**
     * {@return the filter of that name}
     *
     * @param name as the template has it
     * @throws EvalException if there is none
     */
    public static Filter require(String name) {
        Filter filter = TABLE.get(name);
        if (filter == null) {
            throw new EvalException("The filter '" + name + "' is not supported");
        }
        return filter;
    }

    private static void define(Filter filter, String... names) {
        for (String name : names) {
            TABLE.put(name, filter);
        }
    }

    private static Value defaulted(Value value, Arguments arguments) {
        Value[] bound = arguments.bind("default", "default_value", "boolean");
        boolean missing = value instanceof Value.Undefined || Arguments.flag(bound[1], false) && !Types.truthy(value);
        return !missing ? value : bound[0] == null ? Str.EMPTY : bound[0];
    }

    private static Value.Dict named(Arguments arguments) {
        Value.Dict dict = new Value.Dict();
        arguments.named().forEach((key, value) -> dict.entries.put(Str.trusted(key), value));
        return dict;
    }

    private static Value escape(Runtime runtime, Value value, Arguments arguments) {
        arguments.none("escape");
        return StringMethods.map(
                runtime,
                Printer.str(runtime, value),
                text -> text.replace("&", "&amp;")
                        .replace("<", "&lt;")
                        .replace(">", "&gt;")
                        .replace("'", "&#39;")
                        .replace("\"", "&#34;"));
    }

    /** Indents lines; the space put before a line has the origin of the line break, so that texts stay in one run. */
    private static Value indent(Runtime runtime, Value value, Arguments arguments) {
        Value[] bound = arguments.bind("indent", "width", "first", "blank");
        String indention;
        if (bound[0] instanceof Str str) {
            indention = str.text;
        } else {
            long width = Math.max(0, Arguments.integer(bound[0], "indent", 4));
            runtime.allocateChars(0, width);
            indention = " ".repeat((int) width);
        }
        boolean trusted = !(bound[0] instanceof Str given) || given.trusted();
        boolean blank = Arguments.flag(bound[2], false);
        Str str = Printer.str(runtime, value);
        StrBuilder builder = new StrBuilder(runtime);
        if (Arguments.flag(bound[1], false)) {
            builder.append(indention, trusted && (str.isEmpty() || str.trustedAt(0)));
        }
        List<Value> lines = Search.split(runtime, str, "\n", -1);
        int at = 0;
        for (Value element : lines) {
            Str line = (Str) element;
            if (at > 0) {
                builder.append(str, at - 1, at);
                if (blank || !line.isEmpty()) {
                    builder.append(indention, trusted && builder.lastTrusted());
                }
            }
            builder.append(line);
            at += line.text.length() + 1;
        }
        return builder.build();
    }

    private static Value toInt(Value value, Arguments arguments) {
        Value[] bound = arguments.bind("int", "default", "base");
        Value fallback = bound[0] == null ? new Value.Int(0) : bound[0];
        try {
            return switch (value) {
                case Value.Int _, Value.Float _, Value.Bool _ -> new Value.Int(Numbers.asLong(value));
                case Str str -> parseInt(str.text.strip(), Math.toIntExact(Arguments.integer(bound[1], "int", 10)));
                default -> fallback;
            };
        } catch (NumberFormatException | ArithmeticException e) {
            return fallback;
        }
    }

    private static Value parseInt(String text, int base) {
        String digits = withoutGroups(text);
        String lower = digits.toLowerCase(Locale.ROOT);
        if (base == 16 && lower.startsWith("0x")
                || base == 8 && lower.startsWith("0o")
                || base == 2 && lower.startsWith("0b")) {
            digits = digits.substring(2);
        }
        try {
            return new Value.Int(Long.parseLong(digits, base));
        } catch (NumberFormatException e) {
            return new Value.Int(Numbers.asLong(new Value.Float(parseFloat(text))));
        }
    }

    private static Value toFloat(Value value, Arguments arguments) {
        Value fallback = arguments.bind("float", "default")[0];
        try {
            return switch (value) {
                case Value.Int _, Value.Float _, Value.Bool _ -> new Value.Float(Numbers.asDouble(value));
                case Str str -> new Value.Float(parseFloat(str.text.strip()));
                default -> fallback == null ? new Value.Float(0) : fallback;
            };
        } catch (NumberFormatException e) {
            return fallback == null ? new Value.Float(0) : fallback;
        }
    }

    /** The text without single underscores between digits. */
    private static String withoutGroups(String text) {
        return text.replaceAll("(?<=[0-9A-Za-z])_(?=[0-9A-Za-z])", "");
    }

    /** Java also reads suffixes and hexadecimal digits, Python does not. */
    private static double parseFloat(String digits) {
        String text = withoutGroups(digits);
        if (!text.matches("[-+]?(\\d+\\.?\\d*|\\.\\d+)([eE][-+]?\\d+)?")) {
            throw new NumberFormatException(text);
        }
        return Double.parseDouble(text);
    }

    private static Value round(Value value, Arguments arguments) {
        Value[] bound = arguments.bind("round", "precision", "method");
        long precision = Math.clamp(Arguments.integer(bound[0], "round", 0), -20, 20);
        String method = bound[1] == null ? "common" : Arguments.string(bound[1], "round").text;
        if (method.equals("common") && !(value instanceof Value.Float)) {
            return rounded(Numbers.asLong(value), (int) precision);
        }
        double scale = Math.pow(10, (double) precision);
        double number = Numbers.asDouble(value);
        return new Value.Float(
                switch (method) {
                    case "common" ->
                        precision >= 0 && Math.abs(number) < 1e15
                                ? Double.parseDouble(Formatting.fixed(number, (int) precision))
                                : Math.rint(number * scale) / scale;
                    case "ceil" -> Math.ceil(number * scale) / scale;
                    case "floor" -> Math.floor(number * scale) / scale;
                    default -> throw new EvalException("round does not know the method '" + method + "'");
                });
    }

    /** An integer stays one, as in Python. */
    private static Value rounded(long number, int precision) {
        BigInteger rounded = BigDecimal.valueOf(number)
                .setScale(Math.min(precision, 0), RoundingMode.HALF_EVEN)
                .toBigInteger();
        if (rounded.bitLength() >= Long.SIZE) {
            throw new EvalException("round: the number does not fit 64 bits");
        }
        return new Value.Int(rounded.longValue());
    }
}
