package io.llamanode.grammar.schema;

import io.llamanode.grammar.json.JsonStrings;
import io.llamanode.grammar.regex.Regular;
import io.llamanode.grammar.rule.CodePoints;
import io.llamanode.grammar.rule.Expression;
import io.llamanode.grammar.rule.MachineBuilder;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Texts and numbers as JSON spells them. */
final class Spelling {
    private static final CodePoints ESCAPED = CodePoints.range(0, 31).or(CodePoints.of('"', '\\'));
    private static final String SHORT = "\"\\\b\f\n\r\t";
    private static final String SHORT_SPELLED = "\"\\bfnrt";
    private static final int FEW = 4;

    static String quoted(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        text.codePoints().forEach(codePoint -> quoted.append(spelled(codePoint)));
        return quoted.append('"').toString();
    }

    private static String spelled(int codePoint) {
        int at = SHORT.indexOf(codePoint);
        if (at >= 0) {
            return "\\" + SHORT_SPELLED.charAt(at);
        }
        return codePoint < ' ' ? "\\u%04X".formatted(codePoint) : Character.toString(codePoint);
    }

    /** {@return one character of a set, spelled in the usual way} */
    static Expression character(CodePoints set) {
        List<Expression> ways = new ArrayList<>();
        CodePoints plain = set.minus(ESCAPED);
        if (!plain.isEmpty()) {
            ways.add(new Expression.Chars(plain));
        }
        for (CodePoints.Range range : set.and(ESCAPED).ranges()) {
            for (int codePoint = range.first(); codePoint <= range.last(); codePoint++) {
                ways.add(new Expression.Text(spelled(codePoint)));
            }
        }
        return Expression.choice(ways);
    }

    Expression text(Texts texts) {
        return switch (texts) {
            case Texts.Few(Set<String> all) -> few(all);
            case Texts.Except(Set<String> others) -> others.isEmpty() ? JsonStrings.ANY : except(others);
            case Texts.Language(Regular regular) -> JsonStrings.expression(regular);
        };
    }

    private static Expression few(Set<String> all) {
        if (all.size() <= FEW) {
            return Expression.choice(all.stream().map(JsonStrings::literal).toList());
        }
        MachineBuilder<String> machine = new MachineBuilder<>();
        machine.state("");
        for (String text : all) {
            int[] spelled = quoted(text).codePoints().toArray();
            for (int i = 0; i < spelled.length; i++) {
                int state = machine.state(new String(spelled, 0, i));
                String next = new String(spelled, 0, i + 1);
                int size = machine.size();
                if (machine.state(next) == size) {
                    machine.edge(state, new Expression.Text(Character.toString(spelled[i])), next);
                }
            }
            machine.accept(machine.state(quoted(text)));
        }
        return machine.build();
    }

    /** All texts but some: a tree of their beginnings, and what leaves it. */
    private static Expression except(Set<String> others) {
        List<Map<Integer, Integer>> tree = new ArrayList<>();
        tree.add(new LinkedHashMap<>());
        BitSet whole = new BitSet();
        for (String text : others) {
            int node = 0;
            for (int codePoint : text.codePoints().toArray()) {
                Integer next = tree.get(node).get(codePoint);
                if (next == null) {
                    next = tree.size();
                    tree.get(node).put(codePoint, next);
                    tree.add(new LinkedHashMap<>());
                }
                node = next;
            }
            whole.set(node);
        }
        Expression quote = new Expression.Text("\"");
        int free = tree.size();
        List<List<Expression.Edge>> states = new ArrayList<>();
        for (int node = 0; node < free; node++) {
            List<Expression.Edge> edges = new ArrayList<>();
            CodePoints left = CodePoints.of(
                    tree.get(node).keySet().stream().mapToInt(Integer::intValue).toArray());
            tree.get(node)
                    .forEach((codePoint, next) ->
                            edges.add(new Expression.Edge(new Expression.Text(spelled(codePoint)), next)));
            edges.add(new Expression.Edge(character(left.not()), free));
            if (!whole.get(node)) {
                edges.add(new Expression.Edge(quote, free + 1));
            }
            states.add(edges);
        }
        states.add(List.of(new Expression.Edge(character(CodePoints.ALL), free), new Expression.Edge(quote, free + 1)));
        states.add(List.of());
        BitSet accepting = new BitSet();
        accepting.set(free + 1);
        return Expression.sequence(quote, new Expression.Machine(states, accepting));
    }
}
