package io.llamanode.grammar.json;

import io.llamanode.grammar.rule.CodePoints;
import io.llamanode.grammar.rule.Expression;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How one character of a set is spelled in a string of JSON.
 *
 * <p>Keeps no state: for any thread.
 */
final class Spelling {
    private static final int FIRST_ASTRAL = Character.MIN_SUPPLEMENTARY_CODE_POINT;
    /** Half of a surrogate pair has so many bits that are its own. */
    private static final int HALF_BITS = 10;

    private static final int HALF = 1 << HALF_BITS;
    private static final int HEX_BITS = 4;
    private static final int HEX = 1 << HEX_BITS;
    private static final int DIGITS = 4;

    private static final CodePoints NO_ASCII = CodePoints.range(0x7f, Character.MAX_CODE_POINT);
    private static final CodePoints CONTROLS = CodePoints.range(0, 0x1f);
    private static final CodePoints RAW = CONTROLS.or(CodePoints.of("\"\\")).not();
    /** Those that have an escape of one letter, and the letters. */
    private static final String SHORT = "\"\\/\b\f\n\r\t";

    private static final String LETTERS = "\"\\/bfnrt";
    /** What may be spelled by its number. Writers that care for HTML (Go, Gson, System.Text.Json, PHP) write these of ASCII so. */
    private static final CodePoints BY_NUMBER = NO_ASCII.or(CONTROLS).or(CodePoints.of("\"\\/<>&'`+="));

    private static final Expression D = digits(0xd, 0xd);

    private Spelling() {}

    /** {@return whether a character has one spelling only, which is itself} */
    static boolean isRawOnly(int codePoint) {
        return RAW.contains(codePoint) && !BY_NUMBER.contains(codePoint);
    }

    /** {@return all spellings of one character of a set that is not empty} */
    static Expression of(CodePoints set) {
        List<Expression> all = new ArrayList<>();
        CodePoints raw = set.and(RAW);
        if (!raw.isEmpty()) {
            all.add(new Expression.Chars(raw));
        }
        Expression escapes = escaped(set);
        if (!escapes.equals(Expression.NOTHING)) {
            all.add(Expression.sequence(new Expression.Text("\\"), escapes));
        }
        return Expression.choice(all);
    }

    /** {@return those that are written as they are, but for some of them} */
    static CodePoints rawBut(int... codePoints) {
        return codePoints.length == 0 ? RAW : RAW.minus(CodePoints.of(codePoints));
    }

    /** {@return what stands behind the backslash, for a character of a set} */
    static Expression escaped(CodePoints set) {
        List<Expression> escapes = new ArrayList<>();
        StringBuilder letters = new StringBuilder();
        for (int i = 0; i < SHORT.length(); i++) {
            if (set.contains(SHORT.charAt(i))) {
                letters.append(LETTERS.charAt(i));
            }
        }
        if (!letters.isEmpty()) {
            escapes.add(new Expression.Chars(CodePoints.of(letters.toString())));
        }
        CodePoints byNumber = set.and(BY_NUMBER);
        if (!byNumber.isEmpty()) {
            escapes.add(Expression.sequence(new Expression.Text("u"), number(byNumber)));
        }
        return Expression.choice(escapes);
    }

    private static Expression number(CodePoints set) {
        List<Expression> all = new ArrayList<>();
        CodePoints basic = set.and(CodePoints.range(0, FIRST_ASTRAL - 1));
        if (!basic.isEmpty()) {
            all.add(hex(basic, DIGITS, 0));
        }
        halves(set)
                .forEach((low, high) -> all.add(Expression.sequence(
                        D,
                        hex(new CodePoints(high), DIGITS - 1, HEX / 2),
                        new Expression.Text("\\u"),
                        D,
                        hex(low, DIGITS - 1, HEX / 2 + HEX / 4))));
        return Expression.choice(all);
    }

    /** {@return second halves of surrogate pairs, with the first halves that they all stand behind; each less its first number} */
    private static Map<CodePoints, List<CodePoints.Range>> halves(CodePoints set) {
        Map<Integer, List<CodePoints.Range>> parts = new LinkedHashMap<>();
        Map<CodePoints, List<CodePoints.Range>> halves = new LinkedHashMap<>();
        CodePoints whole = CodePoints.range(0, HALF - 1);
        for (CodePoints.Range range : set.ranges()) {
            int first = Math.max(range.first(), FIRST_ASTRAL) - FIRST_ASTRAL;
            int last = range.last() - FIRST_ASTRAL;
            if (last < first) {
                continue;
            }
            int from = first >> HALF_BITS;
            int to = last >> HALF_BITS;
            for (int high : from == to ? new int[] {from} : new int[] {from, to}) {
                int low = high == from ? first & HALF - 1 : 0;
                int most = high == to ? last & HALF - 1 : HALF - 1;
                parts.computeIfAbsent(high, _ -> new ArrayList<>()).add(new CodePoints.Range(low, most));
            }
            if (from + 1 < to) {
                halves.computeIfAbsent(whole, _ -> new ArrayList<>()).add(new CodePoints.Range(from + 1, to - 1));
            }
        }
        parts.forEach((high, ranges) -> halves.computeIfAbsent(new CodePoints(ranges), _ -> new ArrayList<>())
                .add(new CodePoints.Range(high, high)));
        return halves;
    }

    /** Spells numbers with so many digits; the first digit is greater by {@code offset} than that of the number. */
    private static Expression hex(CodePoints numbers, int digits, int offset) {
        int unit = 1 << HEX_BITS * (digits - 1);
        Map<CodePoints, List<Integer>> groups = new LinkedHashMap<>();
        for (int digit = 0; digit + offset < HEX; digit++) {
            CodePoints inside = shifted(numbers, digit * unit, unit);
            if (!inside.isEmpty()) {
                groups.computeIfAbsent(inside, _ -> new ArrayList<>()).add(digit + offset);
            }
        }
        List<Expression> all = new ArrayList<>();
        groups.forEach((inside, first) -> {
            Expression label = new Expression.Chars(digits(first));
            all.add(digits == 1 ? label : Expression.sequence(label, hex(inside, digits - 1, 0)));
        });
        return Expression.choice(all);
    }

    private static CodePoints shifted(CodePoints numbers, int from, int length) {
        List<CodePoints.Range> ranges = new ArrayList<>();
        for (CodePoints.Range range : numbers.ranges()) {
            int first = Math.max(range.first(), from);
            int last = Math.min(range.last(), from + length - 1);
            if (first <= last) {
                ranges.add(new CodePoints.Range(first - from, last - from));
            }
        }
        return new CodePoints(ranges);
    }

    private static Expression digits(int first, int last) {
        List<Integer> all = new ArrayList<>();
        for (int digit = first; digit <= last; digit++) {
            all.add(digit);
        }
        return new Expression.Chars(digits(all));
    }

    private static CodePoints digits(List<Integer> digits) {
        StringBuilder all = new StringBuilder();
        for (int digit : digits) {
            char lower = Character.forDigit(digit, HEX);
            all.append(lower).append(Character.toUpperCase(lower));
        }
        return CodePoints.of(all.toString());
    }
}
