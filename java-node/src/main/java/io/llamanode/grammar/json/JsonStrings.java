package io.llamanode.grammar.json;

import io.llamanode.grammar.automaton.GrammarLimitException;
import io.llamanode.grammar.regex.Regular;
import io.llamanode.grammar.rule.CodePoints;
import io.llamanode.grammar.rule.Expression;
import java.util.ArrayList;
import java.util.List;

/**
 * Strings as JSON spells them, quotes included.
 *
 * <p>A character is spelled raw where JSON allows that; as its short escape if it has one, the slash included; and as
 * <code>&#92;uXXXX</code>, in any case of its digits, if it is no ASCII, a control character, or one of those that JSON writers in
 * use escape for the sake of HTML. Other ASCII is spelled raw only, so that no model is led to escape letters. Half of a surrogate
 * pair alone is not accepted: it is no text (RFC 8259, section 8.2).
 *
 * <p>Keeps no state: for any thread.
 */
public final class JsonStrings {
    private static final Expression QUOTE = new Expression.Text("\"");

    /** Any string. */
    public static final Expression ANY = expression(Regular.EVERYTHING);

    private JsonStrings() {}

    /**
     * Spells the strings whose value is in a language.
     *
     * @param value the language; {@link Regular#length} for bounds of the length alone, which stay a repetition
     * @return the strings; {@link Expression#NOTHING} if there are none
     * @throws GrammarLimitException if its machine has too many states, or takes too much work
     */
    public static Expression expression(Regular value) {
        Expression inside = value.expression(Spelling::of);
        return inside.equals(Expression.NOTHING) ? Expression.NOTHING : Expression.sequence(QUOTE, inside, QUOTE);
    }

    /**
     * Spells one string.
     *
     * @param value any
     * @return all spellings of it; {@link Expression#NOTHING} if half of a surrogate pair stands alone in it
     */
    public static Expression literal(String value) {
        List<Expression> parts = new ArrayList<>();
        StringBuilder plain = new StringBuilder("\"");
        for (int codePoint : value.codePoints().toArray()) {
            CodePoints one = CodePoints.of(codePoint);
            if (one.isEmpty()) {
                return Expression.NOTHING;
            }
            if (Spelling.isRawOnly(codePoint)) {
                plain.appendCodePoint(codePoint);
            } else {
                add(plain, parts);
                parts.add(Spelling.of(one));
            }
        }
        plain.append('"');
        add(plain, parts);
        return Expression.sequence(parts.toArray(Expression[]::new));
    }

    private static void add(StringBuilder plain, List<Expression> parts) {
        if (!plain.isEmpty()) {
            parts.add(new Expression.Text(plain.toString()));
            plain.setLength(0);
        }
    }
}
