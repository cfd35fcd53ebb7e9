package io.llamanode.chat.tools.text;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads what stands between the parentheses of a call in Python, if all of it is literals. */
public final class PythonLiterals {
    private static final int MAX_DEPTH = 32;
    /** As many digits as JSON's numbers may have here. */
    private static final Pattern INTEGER = Pattern.compile("[-+]?[0-9]{1,900}");
    /** Java reads more than Python: suffixes, and digits of base 16 with an exponent of 2. */
    private static final Pattern NUMBER = Pattern.compile("[-+]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][-+]?[0-9]+)?");

    private final String text;
    private int at;

    private PythonLiterals(String text) {
        this.text = text;
    }

    private static final class Malformed extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Malformed() {
            super(null, null, false, false);
        }
    }

    /**
     * Reads keyword arguments; names, calls and operators are refused, as nothing is evaluated.
     *
     * @param text {@code (a="x", n=1)}
     * @return the arguments by name, or {@code null} if the text is malformed
     */
    public static @Nullable Map<String, Object> arguments(String text) {
        try {
            return new PythonLiterals(text).read();
        } catch (Malformed e) {
            return null;
        }
    }

    /**
     * {@return JSON of one literal, or {@code null} if the text is none, or one that JSON has no value for}
     *
     * @param text what a model wrote
     */
    public static @Nullable String json(String text) {
        try {
            PythonLiterals literals = new PythonLiterals(text);
            Object value = literals.value(0);
            literals.skipSpace();
            String json = literals.at == text.length() ? JsonText.write(value) : "";
            return JsonText.isValue(json) ? json : null;
        } catch (Malformed e) {
            return null;
        }
    }

    /**
     * Writes a value of JSON's as Python has it.
     *
     * @param value made of maps, lists, strings, numbers, booleans and {@code null}
     * @param text goes on with it
     */
    public static void write(Object value, StringBuilder text) {
        switch (value) {
            case null -> text.append("None");
            case Boolean flag -> text.append(flag ? "True" : "False");
            case List<?> list -> {
                String separator = "[";
                for (Object item : list) {
                    text.append(separator);
                    write(item, text);
                    separator = ", ";
                }
                text.append(list.isEmpty() ? "[]" : "]");
            }
            case Map<?, ?> map -> {
                String separator = "{";
                for (Map.Entry<?, ?> entry : map.entrySet()) {
                    text.append(separator)
                            .append(JsonText.write(entry.getKey()))
                            .append(": ");
                    write(entry.getValue(), text);
                    separator = ", ";
                }
                text.append(map.isEmpty() ? "{}" : "}");
            }
            // Strings that JSON writes are strings in Python, too.
            default -> text.append(JsonText.write(value));
        }
    }

    private Map<String, Object> read() {
        Map<String, Object> arguments = new LinkedHashMap<>();
        expect('(');
        while (!accept(')')) {
            int equals = text.indexOf('=', at);
            String name = equals < 0 ? "" : text.substring(at, equals).strip();
            if (!isName(name)) {
                throw new Malformed();
            }
            at = equals + 1;
            Object value = value(0);
            if (arguments.containsKey(name)) {
                throw new Malformed();
            }
            arguments.put(name, value);
            if (!accept(',')) {
                expect(')');
                break;
            }
        }
        if (at < text.length()) {
            throw new Malformed();
        }
        return arguments;
    }

    private static boolean isName(String name) {
        return !name.isEmpty() && name.chars().allMatch(c -> Character.isUnicodeIdentifierPart(c) || c == '-');
    }

    private @Nullable Object value(int depth) {
        skipSpace();
        if (depth > MAX_DEPTH || at == text.length()) {
            throw new Malformed();
        }
        char c = text.charAt(at);
        return switch (c) {
            case '"', '\'' -> string(c);
            case '[', '(' -> list(c == '[' ? ']' : ')', depth);
            case '{' -> dict(depth);
            default -> word();
        };
    }

    private List<Object> list(char end, int depth) {
        at++;
        List<Object> items = new ArrayList<>();
        while (!accept(end)) {
            items.add(value(depth + 1));
            if (!accept(',')) {
                expect(end);
                break;
            }
        }
        return items;
    }

    private Map<String, Object> dict(int depth) {
        at++;
        Map<String, Object> entries = new LinkedHashMap<>();
        while (!accept('}')) {
            if (!(value(depth + 1) instanceof String key)) {
                throw new Malformed();
            }
            expect(':');
            entries.put(key, value(depth + 1));
            if (!accept(',')) {
                expect('}');
                break;
            }
        }
        return entries;
    }

    /**
     * {@return whether a quote in front of a character ends a text. Templates put texts into quotes without escapes
     * ({@code 'it's'}), and models write so; in Python nothing else may follow.}
     *
     * @param next the character behind the quote
     */
    public static boolean endsText(char next) {
        return Character.isWhitespace(next) || ",)]}:".indexOf(next) >= 0;
    }

    private String string(char quote) {
        StringBuilder value = new StringBuilder();
        for (at++; at < text.length(); at++) {
            char c = text.charAt(at);
            if (c == quote && (at + 1 == text.length() || endsText(text.charAt(at + 1)))) {
                at++;
                return value.toString();
            }
            if (c == '\\' && at + 1 < text.length()) {
                escape(value);
            } else {
                value.append(c);
            }
        }
        throw new Malformed();
    }

    private void escape(StringBuilder value) {
        char c = text.charAt(++at);
        switch (c) {
            case 'n' -> value.append('\n');
            case 't' -> value.append('\t');
            case 'r' -> value.append('\r');
            case 'b' -> value.append('\b');
            case 'f' -> value.append('\f');
            case 'x' -> code(value, 2);
            case 'u' -> code(value, 4);
            case 'U' -> code(value, 8);
            case '\\', '\'', '"', '/' -> value.append(c);
            // Python keeps the backslash of an escape that it does not know.
            default -> value.append('\\').append(c);
        }
    }

    private void code(StringBuilder value, int digits) {
        if (at + digits >= text.length()) {
            throw new Malformed();
        }
        try {
            value.appendCodePoint(Integer.parseInt(text, at + 1, at + 1 + digits, 16));
        } catch (IllegalArgumentException e) {
            throw new Malformed();
        }
        at += digits;
    }

    private @Nullable Object word() {
        int start = at;
        while (at < text.length() && ",)]}: \t\r\n".indexOf(text.charAt(at)) < 0) {
            at++;
        }
        String word = text.substring(start, at);
        return switch (word) {
            case "True", "true" -> true;
            case "False", "false" -> false;
            case "None", "null" -> null;
            default -> number(word);
        };
    }

    private static Object number(String word) {
        if (INTEGER.matcher(word).matches()) {
            BigInteger whole = new BigInteger(word);
            return whole.bitLength() < Long.SIZE ? (Object) whole.longValue() : whole;
        }
        if (NUMBER.matcher(word).matches() && Double.isFinite(Double.parseDouble(word))) {
            return Double.parseDouble(word);
        }
        throw new Malformed();
    }

    private void skipSpace() {
        while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
            at++;
        }
    }

    private boolean accept(char c) {
        skipSpace();
        if (at < text.length() && text.charAt(at) == c) {
            at++;
            return true;
        }
        return false;
    }

    private void expect(char c) {
        if (!accept(c)) {
            throw new Malformed();
        }
    }
}
