package io.llamanode.grammar.automaton;

import io.llamanode.grammar.rule.Expression;
import io.llamanode.grammar.rule.Grammar;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * Tells slowly and plainly whether a text keeps to a grammar: which parts of the text each rule can be, found again and again
 * until nothing is added.
 */
final class Spans {
    private final int[] text;
    private final Grammar grammar;
    private final Map<String, boolean[][]> rules = new HashMap<>();

    private Spans(Grammar grammar, String text) {
        this.grammar = grammar;
        this.text = text.codePoints().toArray();
        grammar.rules().keySet().forEach(name -> rules.put(name, none()));
    }

    static boolean matches(Grammar grammar, String text) {
        Spans spans = new Spans(grammar, text);
        boolean changed = true;
        while (changed) {
            changed = false;
            for (Map.Entry<String, Expression> rule : grammar.rules().entrySet()) {
                boolean[][] now = spans.find(rule.getValue());
                changed |= !Arrays.deepEquals(now, spans.rules.put(rule.getKey(), now));
            }
        }
        return spans.rules.get(grammar.root())[0][spans.text.length];
    }

    private boolean[][] none() {
        return new boolean[text.length + 1][text.length + 1];
    }

    private boolean[][] empty() {
        boolean[][] found = none();
        for (int i = 0; i <= text.length; i++) {
            found[i][i] = true;
        }
        return found;
    }

    private boolean[][] find(Expression expression) {
        return switch (expression) {
            case Expression.Chars chars -> {
                boolean[][] found = none();
                for (int i = 0; i < text.length; i++) {
                    found[i][i + 1] = chars.set().contains(text[i]);
                }
                yield found;
            }
            case Expression.Text(String wanted) -> {
                boolean[][] found = none();
                int[] points = wanted.codePoints().toArray();
                for (int i = 0; i + points.length <= text.length; i++) {
                    found[i][i + points.length] = Arrays.equals(points, Arrays.copyOfRange(text, i, i + points.length));
                }
                yield found;
            }
            case Expression.Permutation _ -> throw new IllegalArgumentException("GBNF knows none");
            case Expression.Sequence sequence -> {
                boolean[][] found = empty();
                for (Expression part : sequence.parts()) {
                    found = join(found, find(part));
                }
                yield found;
            }
            case Expression.Choice choice -> {
                boolean[][] found = none();
                choice.alternatives().forEach(each -> or(found, find(each)));
                yield found;
            }
            case Expression.Repeat(Expression body, int min, int max) -> repeat(find(body), min, max);
            case Expression.Reference(String name) -> rules.get(name);
            case Expression.Machine machine -> machine(machine);
        };
    }

    private boolean[][] repeat(boolean[][] body, int min, int max) {
        boolean[][] found = empty();
        for (int i = 0; i < min; i++) {
            found = join(found, body);
        }
        int more = max < 0 ? text.length : Math.min(text.length, max - min);
        boolean[][] all = found;
        for (int i = 0; i < more; i++) {
            found = join(found, body);
            or(all, found);
        }
        return all;
    }

    private boolean[][] machine(Expression.Machine machine) {
        boolean[][][] reached = new boolean[machine.states().size()][][];
        Arrays.setAll(reached, _ -> none());
        or(reached[0], empty());
        boolean changed = true;
        while (changed) {
            changed = false;
            for (int state = 0; state < reached.length; state++) {
                for (Expression.Edge edge : machine.states().get(state)) {
                    changed |= or(reached[edge.target()], join(reached[state], find(edge.label())));
                }
            }
        }
        boolean[][] found = none();
        machine.accepting().stream().forEach(state -> or(found, reached[state]));
        return found;
    }

    private boolean[][] join(boolean[][] one, boolean[][] two) {
        boolean[][] joined = none();
        for (int i = 0; i < joined.length; i++) {
            for (int k = i; k < joined.length; k++) {
                if (one[i][k]) {
                    for (int j = k; j < joined.length; j++) {
                        joined[i][j] |= two[k][j];
                    }
                }
            }
        }
        return joined;
    }

    private static boolean or(boolean[][] into, boolean[][] more) {
        boolean changed = false;
        for (int i = 0; i < into.length; i++) {
            for (int j = 0; j < into.length; j++) {
                changed |= more[i][j] && !into[i][j];
                into[i][j] |= more[i][j];
            }
        }
        return changed;
    }
}
