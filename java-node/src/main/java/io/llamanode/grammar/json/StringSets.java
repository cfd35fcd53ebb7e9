package io.llamanode.grammar.json;

import io.llamanode.grammar.rule.CodePoints;
import io.llamanode.grammar.rule.Expression;
import io.llamanode.grammar.rule.Expression.Edge;
import io.llamanode.grammar.rule.Expression.Machine;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * A few strings, and all but a few, by the tree of their beginnings: what a schema has most, and quicker than by way of a regular
 * language.
 *
 * <p>Keeps no state: for any thread.
 */
public final class StringSets {
    private static final int FEW = 4;
    private static final Expression QUOTE = new Expression.Text("\"");
    private static final Expression BACKSLASH = new Expression.Text("\\");
    /** What may stand behind a backslash, whatever raw characters are left out. */
    private static final Expression ESCAPED = Spelling.escaped(CodePoints.ALL);

    private StringSets() {}

    /** Beginnings of texts: by node the next nodes by code point, and the nodes at which a text ends. */
    private static final class Tree {
        final List<Map<Integer, Integer>> nodes = new ArrayList<>(List.of(new LinkedHashMap<>()));
        final BitSet ends = new BitSet();

        Tree(Collection<String> texts) {
            for (String text : texts) {
                int node = 0;
                for (int codePoint : text.codePoints().toArray()) {
                    Integer next = nodes.get(node).get(codePoint);
                    if (next == null) {
                        next = nodes.size();
                        nodes.get(node).put(codePoint, next);
                        nodes.add(new LinkedHashMap<>());
                    }
                    node = next;
                }
                ends.set(node);
            }
        }

        List<Edge> edges(int node) {
            List<Edge> edges = new ArrayList<>();
            nodes.get(node).forEach((codePoint, next) -> edges.add(new Edge(spelled(codePoint), next)));
            return edges;
        }

        private static Expression spelled(int codePoint) {
            return Spelling.isRawOnly(codePoint)
                    ? new Expression.Text(Character.toString(codePoint))
                    : Spelling.of(CodePoints.of(codePoint));
        }
    }

    /**
     * Spells some strings.
     *
     * @param texts any, without a half of a surrogate pair alone
     * @return all spellings of each of them; {@link Expression#NOTHING} for none
     */
    public static Expression of(Collection<String> texts) {
        if (texts.size() <= FEW) {
            return Expression.choice(texts.stream().map(JsonStrings::literal).toList());
        }
        Tree tree = new Tree(texts);
        int end = tree.nodes.size();
        List<List<Edge>> states = new ArrayList<>();
        for (int node = 0; node < end; node++) {
            List<Edge> edges = tree.edges(node);
            if (tree.ends.get(node)) {
                edges.add(new Edge(QUOTE, end));
            }
            states.add(edges);
        }
        return quoted(states, end);
    }

    /**
     * Spells all strings but some.
     *
     * @param texts those that are left out, without a half of a surrogate pair alone
     * @param shared makes a rule of what stands in several places
     * @return all spellings of the others
     */
    public static Expression except(Collection<String> texts, UnaryOperator<Expression> shared) {
        if (texts.isEmpty()) {
            return JsonStrings.ANY;
        }
        Tree tree = new Tree(texts);
        int free = tree.nodes.size();
        int escape = free + 1;
        int end = free + 2;
        List<List<Edge>> states = new ArrayList<>();
        for (int node = 0; node < free; node++) {
            List<Edge> edges = tree.edges(node);
            int[] left = tree.nodes.get(node).keySet().stream()
                    .mapToInt(Integer::intValue)
                    .toArray();
            boolean rawOnly = true;
            for (int codePoint : left) {
                rawOnly &= Spelling.isRawOnly(codePoint);
            }
            if (rawOnly) {
                edges.add(new Edge(new Expression.Chars(Spelling.rawBut(left)), free));
                edges.add(new Edge(BACKSLASH, escape));
            } else {
                edges.add(new Edge(Spelling.of(CodePoints.of(left).not()), free));
            }
            if (!tree.ends.get(node)) {
                edges.add(new Edge(QUOTE, end));
            }
            states.add(edges);
        }
        states.add(List.of(
                new Edge(new Expression.Chars(Spelling.rawBut()), free),
                new Edge(BACKSLASH, escape),
                new Edge(QUOTE, end)));
        states.add(List.of(new Edge(shared.apply(ESCAPED), free)));
        return quoted(states, end);
    }

    private static Expression quoted(List<List<Edge>> states, int end) {
        List<List<Edge>> all = new ArrayList<>(states);
        all.add(List.of());
        BitSet accepting = new BitSet();
        accepting.set(end);
        return Expression.sequence(QUOTE, new Machine(all, accepting));
    }
}
