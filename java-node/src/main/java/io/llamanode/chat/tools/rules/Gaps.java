package io.llamanode.chat.tools.rules;

import io.llamanode.grammar.rule.CodePoints;
import io.llamanode.grammar.rule.Expression;
import io.llamanode.grammar.rule.Expression.Repeat;
import java.util.List;

/** What may stand between the parts of calls. */
public enum Gaps {
    /** As little as models write that must call: no model gets lost in white space. */
    TIGHT(Expression.optional(new Expression.Text(" ")), Expression.optional(new Expression.Text("\n"))),

    /** What models write that call of their own accord. */
    LOOSE(
            new Expression.Choice(List.of(
                    Expression.EMPTY,
                    new Expression.Text(" "),
                    Expression.sequence(
                            new Expression.Text("\n"),
                            new Repeat(new Expression.Chars(CodePoints.of(' ', '\t')), 0, Gaps.DEEPEST_INDENTATION)))),
            new Repeat(new Expression.Chars(CodePoints.of(' ', '\n')), 0, 2));

    private static final int DEEPEST_INDENTATION = 16;

    private final Expression token;
    private final Expression part;

    Gaps(Expression token, Expression part) {
        this.token = token;
        this.part = part;
    }

    /** {@return between the tokens of JSON} */
    Expression token() {
        return token;
    }

    /** {@return between the marks of a call} */
    public Expression part() {
        return part;
    }
}
