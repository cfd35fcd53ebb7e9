package io.llamanode.chat.tools.rules;

import io.llamanode.grammar.regex.Regular;
import io.llamanode.grammar.rule.CodePoints;
import io.llamanode.grammar.rule.Expression;
import java.util.ArrayList;
import java.util.List;

/** Strings as Python spells them, in quotes of either kind. */
final class PythonText {
    private static final String SHORT = "\\\b\f\n\r\t";
    private static final String LETTERS = "\\bfnrt";
    private static final CodePoints CONTROLS = CodePoints.range(0, 0x1f).or(CodePoints.of(0x7f));

    private PythonText() {}

    static Expression of(Regular texts) {
        return Parts.choice(List.of(quoted(texts, '"'), quoted(texts, '\'')));
    }

    private static Expression quoted(Regular texts, char quote) {
        Expression mark = Parts.text(String.valueOf(quote));
        return Parts.joined(mark, texts.expression(set -> spelled(set, quote)), mark);
    }

    private static Expression spelled(CodePoints set, char quote) {
        List<Expression> ways = new ArrayList<>();
        CodePoints raw = set.minus(CONTROLS.or(CodePoints.of(quote, '\\')));
        if (!raw.isEmpty()) {
            ways.add(new Expression.Chars(raw));
        }
        if (set.contains(quote)) {
            ways.add(Parts.text("\\" + quote));
        }
        for (CodePoints.Range range : set.and(CONTROLS.or(CodePoints.of('\\'))).ranges()) {
            for (int c = range.first(); c <= range.last(); c++) {
                int at = SHORT.indexOf(c);
                ways.add(Parts.text(at >= 0 ? "\\" + LETTERS.charAt(at) : "\\x%02x".formatted(c)));
            }
        }
        return Parts.choice(ways);
    }
}
