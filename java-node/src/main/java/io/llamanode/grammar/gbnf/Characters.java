package io.llamanode.grammar.gbnf;

import io.llamanode.grammar.rule.CodePoints;
import io.llamanode.grammar.rule.CodePoints.Range;
import io.llamanode.grammar.rule.Expression;
import java.util.ArrayList;
import java.util.List;

/** Reads what stands for characters: texts in quotes, sets in brackets, and the escapes in both. */
final class Characters {
    private static final int HEXADECIMAL = 16;

    private final Source source;

    Characters(Source source) {
        this.source = source;
    }

    /** Reads from the first quote on. */
    Expression text() {
        source.skip();
        StringBuilder text = new StringBuilder();
        while (!source.next('"')) {
            int place = source.at();
            int character = one("'\"' behind the text");
            if (isSurrogate(character)) {
                throw source.expected("a character, not a half of one (\\U with 8 digits is one of any plane)", place);
            }
            text.appendCodePoint(character);
        }
        return text.isEmpty() ? Expression.EMPTY : new Expression.Text(text.toString());
    }

    /** Reads from the first bracket on. */
    Expression set() {
        source.skip();
        boolean all = source.next('^');
        if (source.peek() == ']') {
            throw source.expected("a character of the set (']' itself is '\\]')");
        }
        List<Range> ranges = new ArrayList<>();
        while (!source.next(']')) {
            ranges.add(range());
        }
        CodePoints set = new CodePoints(ranges);
        return new Expression.Chars(all ? set.not() : set);
    }

    private Range range() {
        int first = one("']' behind the set");
        if (source.peek() != '-' || source.peekSecond() == ']') {
            return new Range(first, first);
        }
        source.skip();
        int place = source.at();
        int last = one("the last character of a range");
        if (last < first) {
            throw source.expected("a character that does not come before the first one of its range", place);
        }
        return new Range(first, last);
    }

    private int one(String orElse) {
        int next = source.peek();
        if (next == Source.END || next == 0) {
            throw source.expected(orElse);
        }
        if (next != '\\') {
            source.skip();
            return next;
        }
        source.skip();
        int escape = source.peek();
        int character = switch (escape) {
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case '\\', '"', '[', ']', '-' -> escape;
            case 'x', 'u', 'U' -> Source.END;
            default -> throw source.expected("one of n r t x u U \\ \" [ ] - behind '\\'");
        };
        source.skip();
        return character == Source.END ? hexadecimal(escape == 'x' ? 2 : escape == 'u' ? 4 : 8) : character;
    }

    private int hexadecimal(int digits) {
        int start = source.at();
        long value = 0;
        for (int i = 0; i < digits; i++) {
            int next = source.peek();
            // Digits of other scripts are none.
            int digit = next < 0x80 ? Character.digit(next, HEXADECIMAL) : -1;
            if (digit < 0) {
                throw source.expected("%d hexadecimal digits".formatted(digits));
            }
            value = value * HEXADECIMAL + digit;
            source.skip();
        }
        if (value > Character.MAX_CODE_POINT) {
            throw source.expected("a number of at most 0010FFFF, the last character of Unicode", start);
        }
        return (int) value;
    }

    private static boolean isSurrogate(int character) {
        return character >= Character.MIN_SURROGATE && character <= Character.MAX_SURROGATE;
    }
}
