package io.llamanode.chat.tools;

import io.llamanode.grammar.Matching;
import io.llamanode.grammar.automaton.Automaton;
import io.llamanode.grammar.automaton.Limits;
import io.llamanode.grammar.automaton.Recognizer;
import io.llamanode.grammar.rule.CodePoints;
import io.llamanode.grammar.rule.Expression;
import io.llamanode.grammar.rule.Expression.Edge;
import io.llamanode.grammar.rule.Expression.Repeat;
import io.llamanode.grammar.rule.Grammar;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** A grammar as the set of texts that it allows: draws some, and tells which are in it. */
public final class Sentences {
    private static final int MOST_NODES = 500_000;
    private static final int[] ALPHABET =
            "ab1 <>[]{}|/\"'\\\n-_é漢😀".codePoints().toArray();
    private static final int MOST_REPEATS = 3;
    /** Parts that are drawn freely; behind them, each text goes to its end the shortest way. */
    private static final int FREELY = 120;

    private static final int ENDLESS = 1 << 20;

    private final Grammar grammar;
    private final Recognizer recognizer;
    /** How deep the shortest text of a rule goes. */
    private final Map<String, Integer> heights = new HashMap<>();

    private final Map<Expression.Machine, int[]> distances = new IdentityHashMap<>();
    private int drawn;

    /** Looks at all rules. */
    public Sentences(Grammar grammar) {
        this.grammar = grammar;
        this.recognizer = new Recognizer(Automaton.of(grammar, MOST_NODES), Limits.DEFAULT);
        boolean more = true;
        while (more) {
            more = false;
            for (Map.Entry<String, Expression> rule : grammar.rules().entrySet()) {
                int height = height(rule.getValue());
                if (height < heights.getOrDefault(rule.getKey(), ENDLESS)) {
                    heights.put(rule.getKey(), height);
                    more = true;
                }
            }
        }
    }

    boolean has(String text) {
        return Matching.accepts(recognizer, text);
    }

    /** {@return any text of it} */
    public String draw(Random random) {
        drawn = 0;
        StringBuilder text = new StringBuilder();
        draw(new Expression.Reference(grammar.root()), random, text);
        return text.toString();
    }

    private int height(Expression expression) {
        return switch (expression) {
            case Expression.Chars chars -> chars.set().isEmpty() ? ENDLESS : 0;
            case Expression.Text _ -> 0;
            case Expression.Sequence(List<Expression> parts) ->
                parts.stream().mapToInt(this::height).max().orElse(0);
            case Expression.Choice(List<Expression> all) ->
                all.stream().mapToInt(this::height).min().orElse(ENDLESS);
            case Repeat(Expression body, int min, int _) -> min == 0 ? 0 : height(body);
            case Expression.Reference(String name) -> Math.min(ENDLESS, 1 + heights.getOrDefault(name, ENDLESS));
            case Expression.Permutation _ -> throw new IllegalArgumentException("arguments have an order");
            case Expression.Machine machine -> {
                int[] all = cost(machine);
                yield all[0];
            }
        };
    }

    /** What it costs to get from each state to an end: the height of the labels, and the number of the steps. */
    private int[] cost(Expression.Machine machine) {
        int[] cost = new int[machine.states().size()];
        Arrays.fill(cost, ENDLESS);
        machine.accepting().stream().forEach(state -> cost[state] = 0);
        boolean more = true;
        while (more) {
            more = false;
            for (int state = 0; state < cost.length; state++) {
                for (Edge edge : machine.states().get(state)) {
                    int way = Math.min(ENDLESS, Math.max(height(edge.label()), cost[edge.target()]) + 1);
                    if (way < cost[state]) {
                        cost[state] = way;
                        more = true;
                    }
                }
            }
        }
        return cost;
    }

    private void draw(Expression expression, Random random, StringBuilder text) {
        drawn++;
        boolean free = drawn < FREELY;
        switch (expression) {
            case Expression.Chars chars -> text.appendCodePoint(character(chars.set(), random));
            case Expression.Text(String one) -> text.append(one);
            case Expression.Sequence(List<Expression> parts) -> parts.forEach(part -> draw(part, random, text));
            case Expression.Choice(List<Expression> all) -> draw(pick(all, random, free), random, text);
            case Repeat(Expression body, int min, int max) -> {
                int most = max == Repeat.NO_BOUND ? min + MOST_REPEATS : Math.min(max, min + MOST_REPEATS);
                int count = free && height(body) < ENDLESS ? random.nextInt(min, most + 1) : min;
                for (int i = 0; i < count; i++) {
                    draw(body, random, text);
                }
            }
            case Expression.Reference(String name) -> draw(grammar.rules().get(name), random, text);
            case Expression.Permutation _ -> throw new IllegalArgumentException("arguments have an order");
            case Expression.Machine machine -> walk(machine, random, text);
        }
    }

    private Expression pick(List<Expression> all, Random random, boolean free) {
        List<Expression> possible =
                all.stream().filter(each -> height(each) < ENDLESS).toList();
        if (free) {
            return possible.get(random.nextInt(possible.size()));
        }
        return possible.stream()
                .min((one, two) -> Integer.compare(height(one), height(two)))
                .orElseThrow();
    }

    private void walk(Expression.Machine machine, Random random, StringBuilder text) {
        int[] cost = distances.computeIfAbsent(machine, this::cost);
        int state = 0;
        int steps = 0;
        while (true) {
            boolean free = drawn < FREELY && steps++ < 30;
            boolean end = machine.accepting().get(state);
            List<Edge> edges = new ArrayList<>(machine.states().get(state));
            edges.removeIf(edge -> cost[edge.target()] >= ENDLESS || height(edge.label()) >= ENDLESS);
            if (end && (!free || edges.isEmpty() || random.nextInt(8) == 0)) {
                return;
            }
            Edge edge = free
                    ? edges.get(random.nextInt(edges.size()))
                    : edges.stream()
                            .min((one, two) -> Integer.compare(
                                    Math.max(height(one.label()), cost[one.target()]),
                                    Math.max(height(two.label()), cost[two.target()])))
                            .orElseThrow();
            draw(edge.label(), random, text);
            state = edge.target();
        }
    }

    private static int character(CodePoints set, Random random) {
        int[] usual = Arrays.stream(ALPHABET).filter(set::contains).toArray();
        if (usual.length > 0) {
            return usual[random.nextInt(usual.length)];
        }
        CodePoints.Range range = set.ranges().get(random.nextInt(set.ranges().size()));
        return random.nextInt(range.first(), range.last() + 1);
    }
}
