package io.llamanode.grammar.schema;

import io.llamanode.grammar.rule.Arrangement;
import io.llamanode.grammar.rule.Expression;
import io.llamanode.grammar.rule.Expression.Repeat;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Writes the properties of an object of a shape in any order.
 *
 * <p>For one thread.
 */
final class UnorderedObjects {
    /** Different demands on properties that must be there: more are refused. */
    private static final int MOST_WANTED = 8;

    private final GrammarWriter writer;
    private final Layout layout;
    private final Terms terms;

    UnorderedObjects(GrammarWriter writer, Layout layout, Terms terms) {
        this.writer = writer;
        this.layout = layout;
        this.terms = terms;
    }

    /** What is being put together for one shape. */
    private static final class Plan {
        final List<Arrangement.Slot> slots = new ArrayList<>();
        final List<Expression> members = new ArrayList<>();
        final BitSet required = new BitSet();
        int names;
        int wants;

        void add(int member, int meets, Expression pair) {
            if (!pair.equals(Expression.NOTHING)) {
                slots.add(new Arrangement.Slot(member, meets));
                members.add(pair);
            }
        }
    }

    Expression body(ObjectShape shape) {
        if (shape.some().size() > MOST_WANTED) {
            throw new UndecidableException(
                    "", "more than %d different properties must be there".formatted(MOST_WANTED));
        }
        Plan plan = new Plan();
        plan.wants = (1 << shape.some().size()) - 1;
        Set<String> names = new LinkedHashSet<>(shape.properties().keySet());
        names.addAll(shape.required());
        for (ObjectShape.Part part : shape.rest()) {
            if (part.names() instanceof Texts.Few(Set<String> few)) {
                names.addAll(few);
            }
        }
        names.forEach(name -> member(plan, shape, name));
        Texts others = Texts.of(names).not();
        for (ObjectShape.Part part : shape.rest()) {
            Texts left = part.names().and(others);
            if (!left.isEmpty()) {
                ways(shape, left, part.term())
                        .forEach((meets, way) -> plan.add(
                                Arrangement.NO_MEMBER, meets, layout.pair(layout.key(way.names()), way.term())));
            }
        }
        int min = shape.min() <= shape.required().size() ? 0 : shape.min();
        boolean bounded = shape.max() != ArrayShape.NO_BOUND
                        && plan.slots.stream().anyMatch(slot -> slot.member() == Arrangement.NO_MEMBER)
                || shape.max() < plan.names;
        return body(plan, min, bounded ? shape.max() : Repeat.NO_BOUND);
    }

    private Expression body(Plan plan, int min, int max) {
        if (plan.names == 0 && plan.wants == 0) {
            return writer.list(writer.shared(Expression.choice(plan.members)), layout.separator(), true, min, max);
        }
        return Expression.permutation(
                new Arrangement(plan.slots, plan.required, plan.wants, min, max), plan.members, layout.separator());
    }

    private void member(Plan plan, ObjectShape shape, String name) {
        int member = plan.names++;
        if (shape.required().contains(name)) {
            plan.required.set(member);
        }
        Expression key = layout.key(name);
        ways(shape, Texts.of(Set.of(name)), shape.term(name, terms))
                .forEach((meets, way) -> plan.add(member, meets, layout.pair(key, way.term())));
    }

    /** {@return a property with such a name by the demands that it can meet together, none among them} */
    private Map<Integer, ObjectShape.Part> ways(ObjectShape shape, Texts names, Term term) {
        Map<Integer, ObjectShape.Part> ways = new TreeMap<>();
        ways.put(0, new ObjectShape.Part(names, term));
        for (int i = 0; i < shape.some().size(); i++) {
            ObjectShape.Part wanted = shape.some().get(i);
            for (Map.Entry<Integer, ObjectShape.Part> way : new ArrayList<>(ways.entrySet())) {
                Texts both = way.getValue().names().and(wanted.names());
                Term met = terms.and(way.getValue().term(), wanted.term());
                if (!both.isEmpty() && !(met instanceof Term.False)) {
                    ways.put(way.getKey() | 1 << i, new ObjectShape.Part(both, met));
                }
            }
        }
        return ways;
    }
}
