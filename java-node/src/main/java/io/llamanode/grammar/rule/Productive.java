package io.llamanode.grammar.rule;

import io.llamanode.grammar.rule.Expression.Repeat;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Takes out of rules what no text can come of: an answer must not be led to where it can not end. */
public final class Productive {
    private final Map<String, Expression> rules;
    private final Set<String> productive = new HashSet<>();

    private Productive(Map<String, Expression> rules) {
        this.rules = rules;
    }

    /**
     * {@return the rules, those of which nothing comes with no text}
     *
     * @param rules by their names
     */
    public static Map<String, Expression> only(Map<String, Expression> rules) {
        Productive found = new Productive(rules);
        found.find();
        if (found.productive.size() == rules.size()) {
            return rules;
        }
        Map<String, Expression> kept = new LinkedHashMap<>();
        rules.forEach((name, expression) -> kept.put(name, found.kept(expression)));
        return kept;
    }

    private void find() {
        // What is called is written behind what calls it, most often.
        List<String> names = new ArrayList<>(rules.keySet()).reversed();
        boolean more = true;
        while (more) {
            more = false;
            for (String name : names) {
                if (!productive.contains(name) && isProductive(rules.getOrDefault(name, Expression.NOTHING))) {
                    productive.add(name);
                    more = true;
                }
            }
        }
    }

    private boolean isProductive(Expression expression) {
        return switch (expression) {
            case Expression.Chars chars -> !chars.set().isEmpty();
            case Expression.Text _ -> true;
            case Expression.Sequence(List<Expression> parts) -> parts.stream().allMatch(this::isProductive);
            case Expression.Choice(List<Expression> alternatives) ->
                alternatives.stream().anyMatch(this::isProductive);
            case Repeat(Expression body, int min, int _) -> min == 0 || isProductive(body);
            case Expression.Reference(String name) -> productive.contains(name);
            case Expression.Permutation permutation -> !kept(permutation, false).equals(Expression.NOTHING);
            case Expression.Machine machine ->
                !MachineBuilder.trimmed(machine.states(), machine.accepting(), this::isProductive)
                        .equals(Expression.NOTHING);
        };
    }

    private Expression kept(Expression expression) {
        if (!isProductive(expression)) {
            return Expression.NOTHING;
        }
        return switch (expression) {
            case Expression.Chars _, Expression.Text _, Expression.Reference _ -> expression;
            case Expression.Sequence(List<Expression> parts) ->
                new Expression.Sequence(parts.stream().map(this::kept).toList());
            case Expression.Choice(List<Expression> alternatives) ->
                Expression.choice(alternatives.stream()
                        .filter(this::isProductive)
                        .map(this::kept)
                        .toList());
            case Repeat(Expression body, int min, int max) ->
                isProductive(body) ? new Repeat(kept(body), min, max) : Expression.EMPTY;
            case Expression.Permutation permutation -> kept(permutation, true);
            case Expression.Machine machine -> {
                List<List<Expression.Edge>> edges = new ArrayList<>();
                for (List<Expression.Edge> state : machine.states()) {
                    List<Expression.Edge> own = new ArrayList<>();
                    for (Expression.Edge edge : state) {
                        own.add(new Expression.Edge(kept(edge.label()), edge.target()));
                    }
                    edges.add(own);
                }
                yield MachineBuilder.trimmed(edges, machine.accepting(), label -> !label.equals(Expression.NOTHING));
            }
        };
    }

    private Expression kept(Expression.Permutation permutation, boolean inside) {
        Arrangement all = permutation.arrangement();
        List<Arrangement.Slot> slots = new ArrayList<>();
        List<Expression> members = new ArrayList<>();
        for (int slot = 0; slot < all.slots().size(); slot++) {
            Expression member = permutation.members().get(slot);
            if (isProductive(member)) {
                slots.add(all.slots().get(slot));
                members.add(inside ? kept(member) : member);
            }
        }
        return Expression.permutation(
                new Arrangement(slots, all.required(), all.wants(), all.min(), all.max()),
                members,
                permutation.separator());
    }
}
