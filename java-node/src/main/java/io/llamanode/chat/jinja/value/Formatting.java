package io.llamanode.chat.jinja.value;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Python's {@code %} formatting and the simple forms of {@code str.format}; every piece keeps its origin. */
public final class Formatting {
    private static final Pattern CONVERSION =
            Pattern.compile("%(?:\\((\\w{1,64})\\))?([-0 +]{0,5})(\\d{1,4})?(?:\\.(\\d{1,2}))?(.)", Pattern.DOTALL);

    private Formatting() {}

    /**
     * {@return Python's {@code format % operand}}
     *
     * @param runtime pays for it
     * @param format with conversions such as {@code %s} and {@code %(name)d}
     * @param operand a tuple of values, a dictionary, or the only value
     * @throws EvalException if they do not suit each other
     */
    public static Str percent(Runtime runtime, Str format, Value operand) {
        List<Value> operands = operand instanceof Value.Seq seq && seq.tuple ? seq.items : List.of(operand);
        StrBuilder builder = new StrBuilder(runtime);
        Matcher matcher = CONVERSION.matcher(format.text);
        int start = 0;
        int next = 0;
        while (matcher.find()) {
            builder.append(format, start, matcher.start());
            start = matcher.end();
            if (matcher.group(5).equals("%")) {
                builder.append(format, matcher.end() - 1, matcher.end());
                continue;
            }
            Value value;
            if (matcher.group(1) != null) {
                value = operand instanceof Value.Dict dict ? dict.get(matcher.group(1)) : null;
            } else {
                value = next < operands.size() ? operands.get(next) : null;
                next++;
            }
            if (value == null) {
                throw new EvalException("'%' formatting lacks a value for " + matcher.group());
            }
            boolean number = !matcher.group(5).equals("s") && !matcher.group(5).equals("r");
            pad(runtime, builder, convert(runtime, matcher, value), matcher, number);
        }
        if (next < operands.size() && !(operand instanceof Value.Dict)) {
            throw new EvalException("'%' formatting has more values than conversions");
        }
        return builder.append(format, start, format.text.length()).build();
    }

    private static Str convert(Runtime runtime, Matcher matcher, Value value) {
        String flags = matcher.group(2);
        int precision = matcher.group(4) == null ? -1 : Integer.parseInt(matcher.group(4));
        return switch (matcher.group(5)) {
            case "s" -> cut(Printer.str(runtime, value), precision);
            case "r" -> cut(Printer.repr(runtime, value), precision);
            case "f", "F" -> signed(fixed(Numbers.asDouble(value), precision < 0 ? 6 : precision), flags);
            case "d", "i", "u" -> signed(integer(matcher, value, 10), flags);
            case "x" -> signed(integer(matcher, value, 16), flags);
            case "X" -> signed(integer(matcher, value, 16).toUpperCase(Locale.ROOT), flags);
            case "o" -> signed(integer(matcher, value, 8), flags);
            default -> throw unsupported(matcher);
        };
    }

    private static String integer(Matcher matcher, Value value, int radix) {
        if (matcher.group(4) != null) {
            throw unsupported(matcher);
        }
        return Long.toString(Numbers.asLong(value), radix);
    }

    private static EvalException unsupported(Matcher matcher) {
        return new EvalException("'%' formatting does not support " + matcher.group());
    }

    private static Str signed(String number, String flags) {
        String sign = number.startsWith("-") ? "" : flags.contains("+") ? "+" : flags.contains(" ") ? " " : "";
        return Str.trusted(sign + number);
    }

    private static Str cut(Str str, int precision) {
        return precision < 0 || precision >= str.length() ? str : str.sub(0, str.text.offsetByCodePoints(0, precision));
    }

    /**
     * {@return a number with a fixed number of decimals, rounded half to even as in C}
     *
     * @param number any, infinity and NaN included
     * @param decimals digits behind the point
     */
    public static String fixed(double number, int decimals) {
        if (Double.isNaN(number) || Double.isInfinite(number)) {
            return Numbers.repr(number);
        }
        return new BigDecimal(number).setScale(decimals, RoundingMode.HALF_EVEN).toPlainString();
    }

    private static void pad(Runtime runtime, StrBuilder builder, Str text, Matcher matcher, boolean number) {
        String width = matcher.group(3);
        int missing = width == null ? 0 : Integer.parseInt(width) - text.length();
        runtime.steps(Math.max(0, missing));
        boolean left = matcher.group(2).contains("-");
        boolean zeros = matcher.group(2).contains("0") && number && !left;
        int sign = zeros && "-+ ".indexOf(text.text.charAt(0)) >= 0 ? 1 : 0;
        String fill = (zeros ? "0" : " ").repeat(Math.max(0, missing));
        builder.append(text, 0, sign);
        if (!left) {
            builder.append(fill, true);
        }
        builder.append(text, sign, text.text.length());
        if (left) {
            builder.append(fill, true);
        }
    }

    /**
     * {@return {@code str.format} with {@code {}}, {@code {0}} and {@code {name}}; format specifications are refused}
     *
     * @param runtime pays for it
     * @param format with replacement fields
     * @param arguments the values
     * @throws EvalException if they do not suit each other
     */
    public static Str braces(Runtime runtime, Str format, Arguments arguments) {
        StrBuilder builder = new StrBuilder(runtime);
        String text = format.text;
        int next = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c != '{' && c != '}') {
                builder.append(format, i, i + 1);
            } else if (i + 1 < text.length() && text.charAt(i + 1) == c) {
                builder.append(format, i, ++i);
            } else {
                int end = text.indexOf('}', i);
                if (c == '}' || end < 0) {
                    throw new EvalException("format: a brace stands alone");
                }
                String field = text.substring(i + 1, end);
                Value value =
                        field.isEmpty() ? argument(arguments, String.valueOf(next++)) : argument(arguments, field);
                builder.append(Printer.str(runtime, value));
                i = end;
            }
        }
        return builder.build();
    }

    private static Value argument(Arguments arguments, String field) {
        Value value = arguments.named().get(field);
        if (value == null && field.matches("\\d{1,4}")) {
            int index = Integer.parseInt(field);
            value = index < arguments.positional().size()
                    ? arguments.positional().get(index)
                    : null;
        }
        if (value == null) {
            throw new EvalException("format: the field '{" + field + "}' is not supported or has no value");
        }
        return value;
    }
}
