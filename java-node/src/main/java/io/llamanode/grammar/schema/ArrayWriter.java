package io.llamanode.grammar.schema;

import io.llamanode.grammar.rule.Expression;
import io.llamanode.grammar.rule.Expression.Repeat;
import io.llamanode.grammar.rule.MachineBuilder;
import io.llamanode.grammar.rule.Patience;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes arrays of a shape.
 *
 * <p>For one thread.
 */
final class ArrayWriter {
    /** States of the machine of one array: more are refused. */
    private static final int MOST_STATES = 4_000;
    /** Values that items which differ from each other may have. */
    private static final int MOST_VALUES = 8;

    private final GrammarWriter writer;
    private final Terms terms;

    ArrayWriter(GrammarWriter writer, Terms terms) {
        this.writer = writer;
        this.terms = terms;
    }

    /** A place in an array, and how many items of each kind that counts have come before. */
    private record Place(int index, boolean first, List<Integer> counts) {}

    /** A set of values that have come, and whether there is any. */
    private record Used(int values, int count) {}

    Expression expression(ArrayShape shape) {
        if (shape.min() > shape.max()) {
            return Expression.NOTHING;
        }
        boolean unique = shape.unique() && shape.max() > 1 && !areDistinct(shape);
        Expression items;
        if (unique) {
            items = distinct(shape);
        } else if (shape.contains().isEmpty()) {
            items = plain(shape);
        } else {
            items = counted(shape);
        }
        return items.equals(Expression.NOTHING)
                ? items
                : Expression.sequence(new Expression.Text("["), writer.gap(), items, new Expression.Text("]"));
    }

    private boolean areDistinct(ArrayShape shape) {
        if (shape.max() > shape.prefix().size()) {
            return false;
        }
        for (int i = 0; i < shape.max(); i++) {
            for (int k = 0; k < i; k++) {
                if (!writer.isEmpty(terms.and(shape.item(i), shape.item(k)))) {
                    return false;
                }
            }
        }
        return true;
    }

    private Expression plain(ArrayShape shape) {
        int prefix = shape.prefix().size();
        MachineBuilder<Integer> machine = new MachineBuilder<>();
        machine.state(0);
        for (int i = 0; i < prefix; i++) {
            Expression item = writer.item(shape.item(i));
            machine.edge(machine.state(i), i == 0 ? item : GrammarWriter.joined(writer.comma(), item), i + 1);
            if (i >= shape.min()) {
                machine.accept(machine.state(i));
            }
        }
        Expression rest = shape.max() > prefix ? writer.item(shape.rest()) : Expression.NOTHING;
        int min = Math.max(0, shape.min() - prefix);
        int max = shape.max() == ArrayShape.NO_BOUND ? Repeat.NO_BOUND : shape.max() - prefix;
        Expression more = writer.list(rest, prefix == 0, min, max);
        if (prefix == 0) {
            return more;
        }
        machine.edge(machine.state(prefix), more, prefix + 1);
        machine.accept(machine.state(prefix + 1));
        return machine.build();
    }

    private Expression counted(ArrayShape shape) {
        int last = Math.max(shape.prefix().size(), shape.min());
        last = shape.max() == ArrayShape.NO_BOUND ? last : Math.max(last, shape.max());
        List<Integer> none = new ArrayList<>();
        for (ArrayShape.Contains each : shape.contains()) {
            last = Math.max(last, each.from());
            none.add(0);
        }
        MachineBuilder<Place> machine = new MachineBuilder<>();
        machine.state(new Place(0, true, none));
        for (int state = 0; state < machine.size(); state++) {
            Patience.check();
            Place place = machine.key(state);
            if (machine.size() > MOST_STATES) {
                throw new UndecidableException(
                        "contains", "items are counted in more than %d ways".formatted(MOST_STATES));
            }
            boolean enough = place.index >= shape.min();
            for (int i = 0; i < none.size(); i++) {
                enough &= place.counts.get(i) >= shape.contains().get(i).min();
            }
            if (enough) {
                machine.accept(state);
            }
            if (place.index < shape.max()) {
                item(shape, machine, state, place, Math.min(last, place.index + 1));
            }
        }
        return machine.build();
    }

    private void item(ArrayShape shape, MachineBuilder<Place> machine, int state, Place place, int next) {
        List<Term> ways = new ArrayList<>(List.of(shape.item(place.index)));
        List<List<Integer>> counts = new ArrayList<>(List.of(List.of()));
        for (int i = 0; i < shape.contains().size(); i++) {
            ArrayShape.Contains kind = shape.contains().get(i);
            int count = place.counts.get(i);
            boolean bounded = kind.max() != ArrayShape.NO_BOUND;
            List<Term> nextWays = new ArrayList<>();
            List<List<Integer>> nextCounts = new ArrayList<>();
            for (int way = 0; way < ways.size(); way++) {
                boolean counts1 = place.index >= kind.from();
                nextWays.add(counts1 && bounded ? terms.and(ways.get(way), terms.not(kind.term())) : ways.get(way));
                nextCounts.add(with(counts.get(way), count));
                if (counts1 && count < (bounded ? kind.max() : kind.min())) {
                    nextWays.add(terms.and(ways.get(way), kind.term()));
                    nextCounts.add(with(counts.get(way), count + 1));
                }
            }
            ways = nextWays;
            counts = nextCounts;
        }
        for (int way = 0; way < ways.size(); way++) {
            if (!(ways.get(way) instanceof Term.False)) {
                Expression item = writer.item(ways.get(way));
                machine.edge(
                        state,
                        place.first ? item : GrammarWriter.joined(writer.comma(), item),
                        new Place(next, false, counts.get(way)));
            }
        }
    }

    private static List<Integer> with(List<Integer> counts, int more) {
        List<Integer> all = new ArrayList<>(counts);
        all.add(more);
        return all;
    }

    private Expression distinct(ArrayShape shape) {
        List<Term> values = shape.prefix().isEmpty() && shape.contains().isEmpty()
                ? writer.values(shape.rest(), MOST_VALUES)
                : List.of();
        if (values.isEmpty()) {
            throw new UndecidableException(
                    "uniqueItems",
                    "only items out of an enum of at most %d values can be kept apart; leave it out"
                            .formatted(MOST_VALUES));
        }
        MachineBuilder<Used> machine = new MachineBuilder<>();
        machine.state(new Used(0, 0));
        for (int state = 0; state < machine.size(); state++) {
            Patience.check();
            Used used = machine.key(state);
            if (used.count >= shape.min()) {
                machine.accept(state);
            }
            for (int i = 0; i < values.size() && used.count < shape.max(); i++) {
                if ((used.values & 1 << i) == 0) {
                    Expression item = writer.item(values.get(i));
                    machine.edge(
                            state,
                            used.count == 0 ? item : GrammarWriter.joined(writer.comma(), item),
                            new Used(used.values | 1 << i, used.count + 1));
                }
            }
        }
        return machine.build();
    }
}
