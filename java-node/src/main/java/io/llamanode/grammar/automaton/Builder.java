package io.llamanode.grammar.automaton;

import io.llamanode.grammar.rule.CodePoints;
import io.llamanode.grammar.rule.Expression;
import io.llamanode.grammar.rule.Expression.Repeat;
import io.llamanode.grammar.rule.Grammar;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Turns expressions into nodes and edges, in the way of Thompson ("Regular expression search algorithm", 1968). A repetition with
 * small bounds is written out; one with large bounds is a rule of its own, whose turns are counted while it is read.
 *
 * <p>For one thread, and one grammar.
 */
final class Builder {
    /** Up to so many nodes a repetition is written out. */
    private static final int WRITTEN_OUT = 64;

    private static final int LAST_ASCII = 0x7f;

    private final Nodes nodes;
    private final Rules rules = new Rules();
    private final Map<String, Integer> numbers = new HashMap<>();
    private final Map<CodePoints, List<Utf8.Row>> rows = new HashMap<>();
    /** The same without a look at all ranges, as most sets are one of few objects. */
    private final Map<CodePoints, List<Utf8.Row>> rowsOfSame = new IdentityHashMap<>();

    private final Ends ends;

    private Builder(int mostNodes) {
        nodes = new Nodes(mostNodes);
        ends = new Ends(nodes);
    }

    static Automaton build(Grammar grammar, int mostNodes) {
        Builder builder = new Builder(mostNodes);
        grammar.rules().keySet().forEach(builder::declare);
        grammar.rules().forEach(builder::define);
        int root = Objects.requireNonNull(builder.numbers.get(grammar.root()));
        Beginnings beginnings = LeftRecursion.remove(builder.nodes, builder.rules);
        return new Automaton(builder.nodes, builder.rules, beginnings, root);
    }

    private void declare(String name) {
        numbers.put(name, rules.add(new Rules.Between(nodes.add(), nodes.addEnd())));
    }

    private void define(String name, Expression expression) {
        Rules.Between rule = (Rules.Between) rules.get(Objects.requireNonNull(numbers.get(name)));
        add(expression, rule.start(), rule.end());
    }

    /** Nothing leads back to {@code from}, and nothing on from {@code to}, but what others add. */
    private void add(Expression expression, int from, int to) {
        switch (expression) {
            case Expression.Text(String text) -> add(text.getBytes(StandardCharsets.UTF_8), from, to);
            case Expression.Chars(CodePoints set) -> add(set, from, to);
            case Expression.Sequence(List<Expression> parts) -> add(parts, from, to);
            case Expression.Choice(List<Expression> alternatives) ->
                alternatives.forEach(alternative -> add(alternative, from, to));
            case Repeat repeat -> add(Repeats.joined(repeat), from, to);
            case Expression.Reference(String name) -> {
                Integer number = numbers.get(name);
                if (number == null) {
                    throw new IllegalArgumentException("there is no rule '%s'".formatted(name));
                }
                nodes.call(from, number, to);
            }
            case Expression.Machine machine -> add(machine, from, to);
            case Expression.Permutation permutation -> {
                int[] members =
                        permutation.members().stream().mapToInt(this::member).toArray();
                Expression between = permutation.separator();
                int separator = between.equals(Expression.EMPTY) ? Rules.NO_SEPARATOR : member(between);
                nodes.call(from, rules.add(new Rules.Permutation(permutation.arrangement(), members, separator)), to);
            }
        }
    }

    private int member(Expression expression) {
        int start = nodes.add();
        int end = nodes.addEnd();
        add(expression, start, end);
        return rules.addNotEmpty(new Rules.Between(start, end));
    }

    /** Texts that end alike share their ends. */
    private void add(byte[] text, int from, int to) {
        if (text.length == 0) {
            nodes.empty(from, to);
            return;
        }
        int next = to;
        for (int i = text.length - 1; i > 0; i--) {
            int value = Byte.toUnsignedInt(text[i]);
            next = ends.node(value, value, next);
        }
        int value = Byte.toUnsignedInt(text[0]);
        nodes.bytes(from, value, value, next);
    }

    /** Rows that end alike share their ends, whatever set they are of. */
    private void add(CodePoints set, int from, int to) {
        if (isAscii(set)) {
            for (CodePoints.Range range : set.ranges()) {
                nodes.bytes(from, range.first(), range.last(), to);
            }
            return;
        }
        for (Utf8.Row row : rows(set)) {
            int next = to;
            for (int i = row.first().length - 1; i > 0; i--) {
                next = ends.node(row.first()[i], row.last()[i], next);
            }
            nodes.bytes(from, row.first()[0], row.last()[0], next);
        }
    }

    private static boolean isAscii(CodePoints set) {
        return set.isEmpty() || set.ranges().getLast().last() <= LAST_ASCII;
    }

    private List<Utf8.Row> rows(CodePoints set) {
        List<Utf8.Row> known = rowsOfSame.get(set);
        if (known == null) {
            known = rows.computeIfAbsent(set, Utf8::rows);
            rowsOfSame.put(set, known);
        }
        return known;
    }

    private void add(List<Expression> parts, int from, int to) {
        int at = from;
        for (int i = 0; i < parts.size(); i++) {
            int next = i + 1 == parts.size() ? to : nodes.add();
            add(parts.get(i), at, next);
            at = next;
        }
        if (parts.isEmpty()) {
            nodes.empty(from, to);
        }
    }

    private void add(Repeat repeat, int from, int to) {
        boolean bounded = repeat.max() != Repeat.NO_BOUND;
        long copies = bounded ? repeat.max() : repeat.min() + 1L;
        boolean one = bounded ? repeat.max() <= 1 : repeat.min() <= 1;
        if (one || copies <= WRITTEN_OUT && copies * size(repeat.body(), WRITTEN_OUT) <= WRITTEN_OUT) {
            writeOut(repeat, from, to);
            return;
        }
        int start = nodes.add();
        int end = nodes.addEnd();
        add(repeat.body(), start, end);
        int body = rules.add(new Rules.Between(start, end));
        nodes.call(from, rules.add(new Rules.Loop(body, repeat.min(), repeat.max())), to);
    }

    private void writeOut(Repeat repeat, int from, int to) {
        boolean bounded = repeat.max() != Repeat.NO_BOUND;
        int at = from;
        // The last of those that there must be is the one that goes round.
        int before = bounded ? repeat.min() : Math.max(0, repeat.min() - 1);
        for (int i = 0; i < before; i++) {
            int next = nodes.add();
            add(repeat.body(), at, next);
            at = next;
        }
        if (!bounded) {
            int loop = nodes.add();
            nodes.empty(at, loop);
            int end = nodes.add();
            add(repeat.body(), loop, end);
            nodes.empty(end, loop);
            nodes.empty(repeat.min() == 0 ? loop : end, to);
            return;
        }
        for (int i = repeat.min(); i < repeat.max(); i++) {
            nodes.empty(at, to);
            int next = nodes.add();
            add(repeat.body(), at, next);
            at = next;
        }
        nodes.empty(at, to);
    }

    private void add(Expression.Machine machine, int from, int to) {
        int[] states = machine.states().stream().mapToInt(_ -> nodes.add()).toArray();
        nodes.empty(from, states[0]);
        for (int state = 0; state < states.length; state++) {
            for (Expression.Edge edge : machine.states().get(state)) {
                add(edge.label(), states[state], states[edge.target()]);
            }
        }
        machine.accepting().stream().forEach(state -> nodes.empty(states[state], to));
    }

    /** {@return about the nodes of an expression; not looked at further once there are more than {@code most}} */
    private static long size(Expression expression, long most) {
        return switch (expression) {
            case Expression.Text(String text) -> text.length();
            case Expression.Chars(CodePoints set) -> 1 + set.ranges().size();
            case Expression.Sequence(List<Expression> parts) -> size(parts, most);
            case Expression.Choice(List<Expression> alternatives) -> size(alternatives, most);
            case Repeat(Expression body, int min, int max) ->
                Math.min(most + 1, (max == Repeat.NO_BOUND ? min + 1L : max) * (1 + size(body, most)));
            case Expression.Reference _ -> 1;
            case Expression.Machine _, Expression.Permutation _ -> most + 1;
        };
    }

    private static long size(List<Expression> all, long most) {
        long sum = 1;
        for (Expression each : all) {
            sum += size(each, most);
            if (sum > most) {
                break;
            }
        }
        return sum;
    }
}
