package io.llamanode.chat.tools.rules;

import io.llamanode.grammar.rule.Arrangement;
import io.llamanode.grammar.rule.Expression;
import io.llamanode.grammar.rule.Expression.Edge;
import io.llamanode.grammar.rule.Expression.Repeat;
import io.llamanode.grammar.rule.Grammar;
import io.llamanode.grammar.rule.Productive;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Rules of one grammar while it is put together of others.
 *
 * <p>For one thread.
 */
public final class RuleBook {
    private static final String ROOT = "root";

    private final Map<String, Expression> rules = new LinkedHashMap<>();
    private final Map<Object, Expression> kept = new HashMap<>();

    /** Has no rules yet. */
    public RuleBook() {
        rules.put(ROOT, Expression.NOTHING);
    }

    /**
     * Adds a rule.
     *
     * @param expression its texts
     * @return what stands for it
     */
    public Expression rule(Expression expression) {
        if (expression instanceof Expression.Text
                || expression instanceof Expression.Reference
                || expression.equals(Expression.NOTHING)) {
            return expression;
        }
        String name = "r" + rules.size();
        rules.put(name, expression);
        return new Expression.Reference(name);
    }

    /**
     * Adds the rules of a grammar under names of their own.
     *
     * @param grammar any
     * @return what stands for its texts
     */
    public Expression grammar(Grammar grammar) {
        String prefix = "g" + rules.size() + "-";
        grammar.rules().forEach((name, expression) -> rules.put(prefix + name, renamed(expression, prefix)));
        return new Expression.Reference(prefix + grammar.root());
    }

    /** {@return what was made for the key before, or is made now} */
    Expression once(Object key, Supplier<Expression> made) {
        Expression known = kept.get(key);
        if (known == null) {
            known = made.get();
            kept.put(key, known);
        }
        return known;
    }

    /**
     * Makes the grammar, without what no text can come of.
     *
     * @param root the texts of all
     * @return it
     */
    public Grammar grammarOf(Expression root) {
        rules.put(ROOT, root);
        return new Grammar(ROOT, Productive.only(rules));
    }

    private static Expression renamed(Expression expression, String prefix) {
        return switch (expression) {
            case Expression.Chars _, Expression.Text _ -> expression;
            case Expression.Sequence(List<Expression> parts) -> new Expression.Sequence(renamed(parts, prefix));
            case Expression.Choice(List<Expression> alternatives) ->
                new Expression.Choice(renamed(alternatives, prefix));
            case Repeat(Expression body, int min, int max) -> new Repeat(renamed(body, prefix), min, max);
            case Expression.Reference(String name) -> new Expression.Reference(prefix + name);
            case Expression.Permutation(Arrangement arrangement, List<Expression> members, Expression separator) ->
                new Expression.Permutation(arrangement, renamed(members, prefix), renamed(separator, prefix));
            case Expression.Machine machine ->
                new Expression.Machine(
                        machine.states().stream()
                                .map(edges -> edges.stream()
                                        .map(edge -> new Edge(renamed(edge.label(), prefix), edge.target()))
                                        .toList())
                                .toList(),
                        machine.accepting());
        };
    }

    private static List<Expression> renamed(List<Expression> all, String prefix) {
        return all.stream().map(each -> renamed(each, prefix)).toList();
    }
}
