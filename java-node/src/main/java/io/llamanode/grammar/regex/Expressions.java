package io.llamanode.grammar.regex;

import io.llamanode.grammar.rule.CodePoints;
import io.llamanode.grammar.rule.Expression;
import io.llamanode.grammar.rule.Expression.Edge;
import io.llamanode.grammar.rule.Expression.Machine;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Turns languages into expressions.
 *
 * <p>Keeps no state: for any thread.
 */
final class Expressions {
    private Expressions() {}

    static Expression of(Regular one, Function<CodePoints, Expression> spelling) {
        Map<CodePoints, Expression> spelled = new HashMap<>();
        Map<Regular, Expression> known = new HashMap<>();
        return convert(one, set -> spelled.computeIfAbsent(set, spelling), known);
    }

    /** What can not be is left out wherever it stands: no text leads to where no text goes on. */
    private static Expression convert(
            Regular one, Function<CodePoints, Expression> spelling, Map<Regular, Expression> known) {
        return switch (one) {
            case Regular.Empty _ -> Expression.EMPTY;
            case Regular.Chars chars -> chars.set.isEmpty() ? Expression.NOTHING : spelling.apply(chars.set);
            case Regular.Sequence sequence -> {
                List<Expression> parts = new ArrayList<>();
                Regular rest = sequence;
                while (rest instanceof Regular.Sequence more) {
                    parts.add(convert(more.first, spelling, known));
                    rest = more.rest;
                }
                parts.add(convert(rest, spelling, known));
                yield parts.contains(Expression.NOTHING) ? Expression.NOTHING : new Expression.Sequence(parts);
            }
            case Regular.Choice choice -> {
                List<Expression> all = choice.all.stream()
                        .map(each -> convert(each, spelling, known))
                        .filter(each -> !each.equals(Expression.NOTHING))
                        .toList();
                yield Expression.choice(all);
            }
            case Regular.Repeat repeat -> {
                Expression body = convert(repeat.body, spelling, known);
                yield !body.equals(Expression.NOTHING)
                        ? new Expression.Repeat(body, repeat.min, repeat.max)
                        : repeat.min == 0 ? Expression.EMPTY : body;
            }
            case Regular.And _, Regular.Not _ -> {
                Expression machine = known.get(one);
                if (machine == null) {
                    machine = spell(Determinizer.machine(one), spelling);
                    known.put(one, machine);
                }
                yield machine;
            }
        };
    }

    private static Expression spell(Machine machine, Function<CodePoints, Expression> spelling) {
        if (machine.accepting().isEmpty()) {
            return Expression.NOTHING;
        }
        List<List<Edge>> states = new ArrayList<>();
        for (List<Edge> from : machine.states()) {
            List<Edge> out = new ArrayList<>();
            for (Edge edge : from) {
                out.add(new Edge(spelling.apply(((Expression.Chars) edge.label()).set()), edge.target()));
            }
            states.add(out);
        }
        return new Machine(states, machine.accepting());
    }
}
