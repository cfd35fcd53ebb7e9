package io.llamanode.chat.tools.rules;

import io.llamanode.grammar.rule.Expression;
import io.llamanode.grammar.rule.Expression.Repeat;
import java.util.Arrays;
import java.util.List;

/** Small expressions that the rules of calls are made of. */
public final class Parts {
    private Parts() {}

    /**
     * {@return one text}
     *
     * @param text may be empty
     */
    public static Expression text(String text) {
        return new Expression.Text(text);
    }

    /**
     * {@return these one behind the other; nothing if one of them is nothing}
     *
     * @param parts in their order
     */
    public static Expression joined(Expression... parts) {
        List<Expression> all = Arrays.stream(parts)
                .filter(part -> !part.equals(Expression.EMPTY))
                .toList();
        return all.contains(Expression.NOTHING)
                ? Expression.NOTHING
                : Expression.sequence(all.toArray(Expression[]::new));
    }

    /**
     * {@return any of these that is not nothing}
     *
     * @param alternatives of them
     */
    public static Expression choice(List<Expression> alternatives) {
        return Expression.choice(alternatives.stream()
                .filter(each -> !each.equals(Expression.NOTHING))
                .distinct()
                .toList());
    }

    /**
     * {@return one, and more of them with something between}
     *
     * @param one of them
     * @param between two of them
     * @param most of them, at least 1
     */
    public static Expression list(Expression one, Expression between, int most) {
        return most == 1 ? one : joined(one, new Repeat(joined(between, one), 0, most - 1));
    }
}
