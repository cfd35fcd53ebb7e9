package io.llamanode.grammar.mask;

import io.llamanode.grammar.rule.CodePoints;
import io.llamanode.grammar.rule.Expression;
import io.llamanode.grammar.rule.Expression.Chars;
import io.llamanode.grammar.rule.Expression.Reference;
import io.llamanode.grammar.rule.Expression.Repeat;
import io.llamanode.grammar.rule.Expression.Text;
import io.llamanode.grammar.rule.Grammar;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Rules of JSON, written by hand. */
public final class JsonRules {
    private JsonRules() {}

    private static Expression seq(Expression... parts) {
        return Expression.sequence(parts);
    }

    private static Expression or(Expression... alternatives) {
        return new Expression.Choice(List.of(alternatives));
    }

    private static Expression text(String text) {
        return new Text(text);
    }

    /** JSON with any white space. */
    public static Grammar json() {
        Expression space = Expression.any(new Chars(CodePoints.of(" \t\n\r")));
        Expression comma = seq(space, text(","), space);
        Expression hex = new Repeat(
                new Chars(CodePoints.range('0', '9')
                        .or(CodePoints.range('a', 'f'))
                        .or(CodePoints.range('A', 'F'))),
                4,
                4);
        Expression plain =
                new Chars(CodePoints.range(' ', Character.MAX_CODE_POINT).minus(CodePoints.of("\"\\")));
        Map<String, Expression> rules = new LinkedHashMap<>();
        rules.put("root", seq(space, new Reference("value"), space));
        rules.put(
                "value",
                or(
                        new Reference("object"),
                        new Reference("array"),
                        new Reference("string"),
                        new Reference("number"),
                        text("true"),
                        text("false"),
                        text("null")));
        rules.put(
                "string",
                seq(
                        text("\""),
                        Expression.any(or(
                                plain,
                                seq(text("\\"), or(new Chars(CodePoints.of("\"\\/bfnrt")), seq(text("u"), hex))))),
                        text("\"")));
        Expression digits = new Repeat(new Chars(CodePoints.range('0', '9')), 1, Repeat.NO_BOUND);
        rules.put(
                "number",
                seq(
                        Expression.optional(text("-")),
                        or(
                                text("0"),
                                seq(
                                        new Chars(CodePoints.range('1', '9')),
                                        Expression.any(new Chars(CodePoints.range('0', '9'))))),
                        Expression.optional(seq(text("."), digits)),
                        Expression.optional(seq(
                                new Chars(CodePoints.of("eE")),
                                Expression.optional(new Chars(CodePoints.of("+-"))),
                                digits))));
        Expression pair = seq(new Reference("string"), space, text(":"), space, new Reference("value"));
        rules.put(
                "object",
                seq(
                        text("{"),
                        space,
                        Expression.optional(seq(pair, Expression.any(seq(comma, pair)), space)),
                        text("}")));
        rules.put(
                "array",
                seq(
                        text("["),
                        space,
                        Expression.optional(
                                seq(new Reference("value"), Expression.any(seq(comma, new Reference("value"))), space)),
                        text("]")));
        return new Grammar("root", rules);
    }
}
