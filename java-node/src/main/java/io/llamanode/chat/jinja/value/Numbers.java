package io.llamanode.chat.jinja.value;

import java.math.BigDecimal;
import java.util.List;

/** Arithmetic as in Python, except that integers are 64 bits wide and going over that is an error. */
public final class Numbers {
    private static final int MAX_EXPONENT = 1024;

    private Numbers() {}

    /**
     * {@return whether the value is an integer, a float or a boolean}
     *
     * @param value any value
     */
    public static boolean isNumber(Value value) {
        return value instanceof Value.Int || value instanceof Value.Float || value instanceof Value.Bool;
    }

    /**
     * {@return the number}
     *
     * @param value a number
     * @throws EvalException if it is none
     */
    public static double asDouble(Value value) {
        return switch (value) {
            case Value.Float(double number) -> number;
            case Value v -> asLong(v);
        };
    }

    /**
     * {@return the number without its decimals}
     *
     * @param value a number
     * @throws EvalException if it is none, or does not fit
     */
    public static long asLong(Value value) {
        return switch (value) {
            case Value.Int(long number) -> number;
            case Value.Bool(boolean flag) -> flag ? 1 : 0;
            case Value.Float(double number) -> truncate(number);
            default -> throw new EvalException("A number is needed, got " + Types.name(value));
        };
    }

    private static long truncate(double number) {
        if (!(Math.abs(number) < 0x1p63)) {
            throw new EvalException("The number " + number + " does not fit an integer");
        }
        return (long) number;
    }

    /**
     * {@return the order of two numbers: below, equal to or above 0}
     *
     * @param left a number
     * @param right a number
     */
    public static int compare(Value left, Value right) {
        if (left instanceof Value.Float || right instanceof Value.Float) {
            double a = asDouble(left);
            double b = asDouble(right);
            // Double.compare tells -0.0 from 0.0, Python does not.
            return a == b ? 0 : Double.compare(a, b);
        }
        return Long.compare(asLong(left), asLong(right));
    }

    /**
     * {@return what a binary operator makes of two numbers}
     *
     * @param operator one of {@code + - * / // % **}
     * @param left a number
     * @param right a number
     * @throws EvalException for a division by zero, an overflow, or what is no number
     */
    public static Value arithmetic(String operator, Value left, Value right) {
        if (isZero(right) && List.of("/", "//", "%").contains(operator)
                || isZero(left) && operator.equals("**") && compare(right, left) < 0) {
            throw new EvalException("Division by zero in '" + operator + "'");
        }
        try {
            return left instanceof Value.Float || right instanceof Value.Float || operator.equals("/")
                    ? new Value.Float(floats(operator, asDouble(left), asDouble(right)))
                    : integers(operator, asLong(left), asLong(right));
        } catch (ArithmeticException e) {
            throw new EvalException("Integer overflow in '" + operator + "'");
        }
    }

    private static boolean isZero(Value number) {
        return asDouble(number) == 0;
    }

    private static Value integers(String operator, long a, long b) {
        return switch (operator) {
            case "+" -> new Value.Int(Math.addExact(a, b));
            case "-" -> new Value.Int(Math.subtractExact(a, b));
            case "*" -> new Value.Int(Math.multiplyExact(a, b));
            case "//" -> new Value.Int(Math.floorDivExact(a, b));
            case "%" -> new Value.Int(Math.floorMod(a, b));
            case "**" -> b < 0 ? new Value.Float(Math.pow((double) a, (double) b)) : new Value.Int(power(a, b));
            default -> throw new EvalException("Unknown operator '" + operator + "'");
        };
    }

    private static long power(long base, long exponent) {
        if (exponent > MAX_EXPONENT && base != 0 && Math.abs(base) != 1) {
            throw new ArithmeticException();
        }
        long result = 1;
        for (long i = exponent > MAX_EXPONENT ? exponent & 1 : exponent; i > 0; i--) {
            result = Math.multiplyExact(result, base);
        }
        return base == 0 && exponent > 0 ? 0 : result;
    }

    private static double floats(String operator, double a, double b) {
        return switch (operator) {
            case "+" -> a + b;
            case "-" -> a - b;
            case "*" -> a * b;
            case "/" -> a / b;
            case "//" -> Math.floor(a / b);
            case "%" -> a - b * Math.floor(a / b);
            case "**" -> Math.pow(a, b);
            default -> throw new EvalException("Unknown operator '" + operator + "'");
        };
    }

    /**
     * {@return Python's {@code repr} of a float: the shortest digits, an exponent from 1e16 on and below 1e-4}
     *
     * @param number any, infinity and NaN included
     */
    public static String repr(double number) {
        if (Double.isNaN(number)) {
            return "nan";
        }
        if (Double.isInfinite(number)) {
            return number > 0 ? "inf" : "-inf";
        }
        if (number == 0) {
            return 1 / number < 0 ? "-0.0" : "0.0";
        }
        BigDecimal decimal = new BigDecimal(Double.toString(number)).stripTrailingZeros();
        int exponent = decimal.precision() - decimal.scale() - 1;
        if (exponent >= -4 && exponent < 16) {
            String plain = decimal.toPlainString();
            return plain.indexOf('.') < 0 ? plain + ".0" : plain;
        }
        String digits = decimal.unscaledValue().abs().toString();
        String mantissa = digits.length() == 1 ? digits : digits.charAt(0) + "." + digits.substring(1);
        return (number < 0 ? "-" : "") + mantissa + "e" + (exponent < 0 ? "-" : "+")
                + (Math.abs(exponent) < 10 ? "0" : "") + Math.abs(exponent);
    }
}
