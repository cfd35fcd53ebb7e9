package io.llamanode.grammar.schema;

import io.llamanode.grammar.rule.CodePoints;
import io.llamanode.grammar.rule.Expression;
import io.llamanode.grammar.rule.Expression.Repeat;

/**
 * How much white space stands between the tokens of an answer.
 *
 * @param most characters in each gap, or {@link Repeat#NO_BOUND}
 */
public record Whitespace(int most) {
    /** None. */
    public static final Whitespace COMPACT = new Whitespace(0);

    /** Whatever JSON allows. */
    public static final Whitespace ANY = new Whitespace(Repeat.NO_BOUND);

    /** Checks the number. */
    public Whitespace {
        if (most < Repeat.NO_BOUND) {
            throw new IllegalArgumentException("%d characters of white space".formatted(most));
        }
    }

    Expression expression() {
        return most == 0
                ? Expression.EMPTY
                : new Repeat(new Expression.Chars(CodePoints.of(' ', '\t', '\n', '\r')), 0, most);
    }
}
