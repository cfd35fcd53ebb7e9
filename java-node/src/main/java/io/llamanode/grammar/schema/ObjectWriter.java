package io.llamanode.grammar.schema;

import io.llamanode.grammar.rule.Expression;
import io.llamanode.grammar.rule.Expression.Repeat;
import io.llamanode.grammar.rule.MachineBuilder;
import io.llamanode.grammar.rule.Patience;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Writes objects of a shape: its properties in their order, then those with other names; or all in any order.
 *
 * <p>For one thread.
 */
final class ObjectWriter {
    /** States of the machine of one object: more are refused. */
    private static final int MOST_STATES = 20_000;
    /** Properties that must come, and may come anywhere among the undeclared ones. */
    private static final int MOST_WANTED = 5;

    private final GrammarWriter writer;
    private final Layout layout;
    private final Terms terms;
    private final UnorderedObjects unordered;

    ObjectWriter(GrammarWriter writer, Layout layout, Terms terms) {
        this.writer = writer;
        this.layout = layout;
        this.terms = terms;
        this.unordered = new UnorderedObjects(writer, layout, terms);
    }

    /** How many of the declared properties have been passed, how many have come of all, and which of those wanted. */
    private record Place(int passed, int count, int wanted) {}

    /** A declared property. */
    private record Declared(String name, Term term, boolean required) {}

    /** One object shape, looked at for being written. */
    private record Plan(
            List<Declared> declared,
            int loose,
            List<String> free,
            List<ObjectShape.Part> some,
            List<ObjectShape.Part> rest,
            int min,
            int max) {
        boolean counts() {
            return min > 0 || max != ArrayShape.NO_BOUND;
        }

        int wantedAll() {
            return (1 << free.size() + some.size()) - 1;
        }
    }

    Expression expression(ObjectShape shape) {
        Expression body = writer.isOrdered() ? ordered(shape) : unordered.body(shape);
        return body.equals(Expression.NOTHING) ? body : GrammarWriter.joined(layout.open(), body, layout.close());
    }

    private Expression ordered(ObjectShape shape) {
        Plan plan = plan(shape);
        MachineBuilder<Place> machine = new MachineBuilder<>();
        machine.state(new Place(0, 0, 0));
        for (int state = 0; state < machine.size(); state++) {
            Patience.check();
            if (machine.size() > MOST_STATES) {
                throw new UndecidableException(
                        shape.max() == ArrayShape.NO_BOUND ? "minProperties" : "maxProperties",
                        "properties are counted in more than %d ways".formatted(MOST_STATES));
            }
            write(plan, machine, state, shape);
        }
        return machine.build();
    }

    private Plan plan(ObjectShape shape) {
        List<Declared> declared = new ArrayList<>();
        Set<String> names = new LinkedHashSet<>(shape.properties().keySet());
        shape.properties().forEach((name, term) -> {
            if (!(term instanceof Term.False) || shape.required().contains(name)) {
                declared.add(new Declared(name, term, shape.required().contains(name)));
            }
        });
        List<String> free = new ArrayList<>(shape.required());
        free.removeAll(names);
        names.addAll(free);
        int loose = declared.size();
        if (free.size() + shape.some().size() > MOST_WANTED) {
            if (shape.some().size() > MOST_WANTED) {
                throw new UndecidableException(
                        "", "more than %d different properties must be there".formatted(MOST_WANTED));
            }
            free.forEach(name -> declared.add(new Declared(name, shape.term(name, terms), true)));
            free = List.of();
        }
        Texts others = Texts.of(names).not();
        List<ObjectShape.Part> rest = new ArrayList<>();
        boolean closed = writer.isClosed() && !declared.isEmpty() && saysNothingOfOthers(shape, declared.size());
        for (ObjectShape.Part part : closed ? List.<ObjectShape.Part>of() : shape.rest()) {
            Texts left = part.names().and(others);
            if (!left.isEmpty()) {
                rest.add(new ObjectShape.Part(left, part.term()));
            }
        }
        int min = shape.min() <= shape.required().size() ? 0 : shape.min();
        int max = rest.isEmpty() && shape.max() >= names.size() ? ArrayShape.NO_BOUND : shape.max();
        return new Plan(declared, loose, free, shape.some(), rest, min, max);
    }

    private static boolean saysNothingOfOthers(ObjectShape shape, int declared) {
        return !shape.said()
                && shape.restIsAnything()
                && shape.some().isEmpty()
                && shape.min() <= declared
                && shape.properties().keySet().containsAll(shape.required());
    }

    private void write(Plan plan, MachineBuilder<Place> machine, int state, ObjectShape shape) {
        Place place = machine.key(state);
        boolean room = place.count < plan.max;
        if (place.passed < plan.declared.size()) {
            Declared next = plan.declared.get(place.passed);
            if (room) {
                property(plan, machine, state, next.name, next.term, place.passed + 1);
            }
            if (!next.required) {
                machine.edge(state, Expression.EMPTY, new Place(place.passed + 1, place.count, place.wanted));
            }
        } else if (place.passed > plan.declared.size()) {
            machine.accept(state);
        } else if (plan.wantedAll() == place.wanted) {
            int min = Math.max(0, plan.min - place.count);
            int max = plan.max == ArrayShape.NO_BOUND ? Repeat.NO_BOUND : plan.max - place.count;
            machine.edge(
                    state,
                    writer.list(rest(plan), layout.separator(), place.count == 0, min, max),
                    new Place(place.passed + 1, 0, place.wanted));
        } else if (room) {
            for (int i = 0; i < plan.free.size(); i++) {
                if ((place.wanted & 1 << i) == 0) {
                    String name = plan.free.get(i);
                    property(plan, machine, state, name, shape.term(name, terms), place.passed, 1 << i);
                }
            }
        }
        boolean others = place.passed == plan.declared.size()
                ? plan.wantedAll() != place.wanted
                : place.passed >= plan.loose && place.passed < plan.declared.size();
        if (others && room) {
            undeclared(plan, machine, state);
        }
    }

    private void property(Plan plan, MachineBuilder<Place> machine, int state, String name, Term term, int passed) {
        property(plan, machine, state, name, term, passed, 0);
    }

    /** One that has this name; it may be one that is wanted, too. */
    private void property(
            Plan plan, MachineBuilder<Place> machine, int state, String name, Term term, int passed, int wanted) {
        Place place = machine.key(state);
        Expression key = layout.key(name);
        pair(plan, machine, state, key, term, new Place(passed, place.count, place.wanted | wanted));
        for (int set : wantedOf(plan, place.wanted, Texts.of(Set.of(name)))) {
            Term both = term;
            for (int i = 0; i < plan.some.size(); i++) {
                if ((set & 1 << i) != 0) {
                    both = terms.and(both, plan.some.get(i).term());
                }
            }
            int bits = place.wanted | wanted | set << plan.free.size();
            pair(plan, machine, state, key, both, new Place(passed, place.count, bits));
        }
    }

    private void undeclared(Plan plan, MachineBuilder<Place> machine, int state) {
        Place place = machine.key(state);
        machine.edge(
                state, separated(place, rest(plan)), new Place(place.passed, next(plan, place.count), place.wanted));
        for (ObjectShape.Part part : plan.rest) {
            for (int set : wantedOf(plan, place.wanted, part.names())) {
                Term both = part.term();
                Texts names = part.names();
                for (int i = 0; i < plan.some.size(); i++) {
                    if ((set & 1 << i) != 0) {
                        both = terms.and(both, plan.some.get(i).term());
                        names = names.and(plan.some.get(i).names());
                    }
                }
                if (!names.isEmpty()) {
                    int bits = place.wanted | set << plan.free.size();
                    pair(plan, machine, state, layout.key(names), both, new Place(place.passed, place.count, bits));
                }
            }
        }
    }

    /** {@return sets of what is still wanted that one property with such a name could be} */
    private static Set<Integer> wantedOf(Plan plan, int wanted, Texts names) {
        Set<Integer> sets = new TreeSet<>(Set.of(0));
        for (int i = 0; i < plan.some.size(); i++) {
            boolean open = (wanted & 1 << plan.free.size() + i) == 0;
            if (open && !plan.some.get(i).names().and(names).isEmpty()) {
                for (int set : List.copyOf(sets)) {
                    sets.add(set | 1 << i);
                }
            }
        }
        sets.remove(0);
        return sets;
    }

    private void pair(Plan plan, MachineBuilder<Place> machine, int state, Expression key, Term term, Place next) {
        if (!(term instanceof Term.False)) {
            machine.edge(
                    state,
                    separated(machine.key(state), layout.pair(key, term)),
                    new Place(next.passed, next(plan, next.count), next.wanted));
        }
    }

    private Expression separated(Place place, Expression pair) {
        return place.count == 0 ? pair : GrammarWriter.joined(layout.separator(), pair);
    }

    private static int next(Plan plan, int count) {
        int most = plan.max != ArrayShape.NO_BOUND ? plan.max : Math.max(1, plan.min);
        return plan.counts() ? Math.min(count + 1, most) : 1;
    }

    private Expression rest(Plan plan) {
        List<Expression> all = new ArrayList<>();
        for (ObjectShape.Part part : plan.rest) {
            all.add(layout.pair(layout.key(part.names()), part.term()));
        }
        return writer.shared(Expression.choice(all));
    }
}
