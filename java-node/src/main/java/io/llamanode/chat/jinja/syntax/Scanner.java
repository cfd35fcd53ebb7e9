package io.llamanode.chat.jinja.syntax;

import io.llamanode.chat.jinja.TemplateException;
import io.llamanode.chat.jinja.syntax.Lexer.Scanned;
import java.util.List;

/** Reads one token of an expression: a name, number, string or operator. */
final class Scanner {
    private static final List<String> LONG_OPERATORS = List.of("//", "**", "==", "!=", "<=", ">=");
    private static final String OPERATORS = "+-*/%~<>=.,:|()[]{}";

    private Scanner() {}

    static Scanned scan(String source, int start, int line) {
        char c = source.charAt(start);
        if (c == '\'' || c == '"') {
            return string(source, start, line);
        }
        if (c >= '0' && c <= '9') {
            return number(source, start);
        }
        if (c == '_' || Character.isLetter(c)) {
            int end = start;
            while (end < source.length()
                    && (source.charAt(end) == '_' || Character.isLetterOrDigit(source.charAt(end)))) {
                end++;
            }
            return new Scanned(Token.Kind.NAME, source.substring(start, end), end);
        }
        for (String operator : LONG_OPERATORS) {
            if (source.startsWith(operator, start)) {
                return new Scanned(Token.Kind.OPERATOR, operator, start + 2);
            }
        }
        if (OPERATORS.indexOf(c) < 0) {
            throw new TemplateException(
                    "Unexpected character '" + Character.toString(source.codePointAt(start)) + "'", line);
        }
        return new Scanned(Token.Kind.OPERATOR, String.valueOf(c), start + 1);
    }

    private static Scanned number(String source, int start) {
        int end = digits(source, start);
        boolean real = false;
        // "1.foo" is an attribute of 1, "1.5" a number, and in "x.0.1" each number is an item.
        boolean item = start > 0 && source.charAt(start - 1) == '.';
        if (!item && end + 1 < source.length() && source.charAt(end) == '.' && isDigit(source.charAt(end + 1))) {
            real = true;
            end = digits(source, end + 1);
        }
        if (end < source.length() && (source.charAt(end) | 0x20) == 'e') {
            int exponent = end + 1;
            if (exponent < source.length() && "+-".indexOf(source.charAt(exponent)) >= 0) {
                exponent++;
            }
            if (exponent < source.length() && isDigit(source.charAt(exponent))) {
                real = true;
                end = digits(source, exponent);
            }
        }
        return new Scanned(
                real ? Token.Kind.FLOAT : Token.Kind.INTEGER,
                source.substring(start, end).replace("_", ""),
                end);
    }

    private static int digits(String source, int start) {
        int end = start;
        while (end < source.length() && (isDigit(source.charAt(end)) || source.charAt(end) == '_')) {
            end++;
        }
        return end;
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    private static Scanned string(String source, int start, int line) {
        char quote = source.charAt(start);
        StringBuilder text = new StringBuilder();
        int i = start + 1;
        while (i < source.length() && source.charAt(i) != quote) {
            char c = source.charAt(i);
            if (c == '\\' && i + 1 < source.length()) {
                i = escape(source, i + 1, text, line);
            } else {
                text.append(c);
                i++;
            }
        }
        if (i >= source.length()) {
            throw new TemplateException("A string is not closed", line);
        }
        return new Scanned(Token.Kind.STRING, text.toString(), i + 1);
    }

    /** Decodes what follows a backslash as Python does; an unknown escape keeps its backslash. */
    private static int escape(String source, int at, StringBuilder text, int line) {
        char c = source.charAt(at);
        switch (c) {
            case 'n' -> text.append('\n');
            case 't' -> text.append('\t');
            case 'r' -> text.append('\r');
            case 'b' -> text.append('\b');
            case 'f' -> text.append('\f');
            case 'v' -> text.append('\u000b');
            case 'a' -> text.append('\u0007');
            case '0' -> text.append('\0');
            case '\\', '\'', '"' -> text.append(c);
            case '\n' -> {}
            case 'x' -> {
                return hexadecimal(source, at + 1, 2, text, line);
            }
            case 'u' -> {
                return hexadecimal(source, at + 1, 4, text, line);
            }
            case 'U' -> {
                return hexadecimal(source, at + 1, 8, text, line);
            }
            default -> text.append('\\').append(c);
        }
        return at + 1;
    }

    private static int hexadecimal(String source, int start, int digits, StringBuilder text, int line) {
        int end = start + digits;
        try {
            text.appendCodePoint(Integer.parseInt(source, start, end, 16));
        } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
            throw new TemplateException("A string has a malformed escape", line);
        }
        return end;
    }
}
