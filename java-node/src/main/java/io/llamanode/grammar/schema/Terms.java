package io.llamanode.grammar.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.IntFunction;

/**
 * Makes terms, each once, so that schemas which refer to themselves come to an end.
 *
 * <p>For one thread.
 */
final class Terms {
    private final int most;
    private final Map<Object, Term> known = new HashMap<>();

    /** What two terms are together, by their numbers. */
    private final Map<Long, Term> pairs = new HashMap<>();

    final Term all = make("true", Term.True::new);
    final Term nothing = make("false", Term.False::new);

    private record Key(String kind, List<Integer> ids) {}

    private record ValueKey(JsonNode json) {}

    /** @param most terms */
    Terms(int most) {
        this.most = most;
    }

    private Term make(Object key, IntFunction<Term> maker) {
        Term old = known.get(key);
        if (old != null) {
            return old;
        }
        if (known.size() > most && most > 0) {
            throw new SchemaException("", "", "it is too complex: its parts meet in more than %d ways".formatted(most));
        }
        Term made = maker.apply(known.size());
        known.put(key, made);
        return made;
    }

    Term of(Location location) {
        if (location.json().isBoolean()) {
            return location.json().booleanValue() ? all : nothing;
        }
        return location.json().isObject() && location.json().isEmpty()
                ? all
                : make(location, id -> new Term.Schema(id, location));
    }

    Term value(JsonNode json) {
        return make(new ValueKey(json), id -> new Term.Value(id, json));
    }

    Term text(String text) {
        return value(JsonNodeFactory.instance.textNode(text));
    }

    Term not(Term term) {
        return switch (term) {
            case Term.True _ -> nothing;
            case Term.False _ -> all;
            case Term.Not not -> not.of();
            default -> make(new Key("not", List.of(term.id())), id -> new Term.Not(id, term));
        };
    }

    Term and(Term one, Term two) {
        if (one == two || two instanceof Term.True || one instanceof Term.False) {
            return one;
        }
        if (one instanceof Term.True || two instanceof Term.False) {
            return two;
        }
        long pair = (long) Math.min(one.id(), two.id()) << Integer.SIZE | Math.max(one.id(), two.id());
        Term known = pairs.get(pair);
        if (known == null) {
            known = and(List.of(one, two));
            pairs.put(pair, known);
        }
        return known;
    }

    Term and(Collection<Term> terms) {
        TreeSet<Term> parts = new TreeSet<>(Comparator.comparingInt(Term::id));
        for (Term term : terms) {
            if (term instanceof Term.And and) {
                parts.addAll(and.of());
            } else {
                parts.add(term);
            }
        }
        parts.remove(all);
        if (parts.contains(nothing) || contradicts(parts)) {
            return nothing;
        }
        if (parts.size() < 2) {
            return parts.isEmpty() ? all : parts.first();
        }
        List<Term> list = new ArrayList<>(parts);
        return make(new Key("and", list.stream().map(Term::id).toList()), id -> new Term.And(id, list));
    }

    Term or(Term... terms) {
        return or(List.of(terms));
    }

    Term or(Collection<Term> terms) {
        TreeSet<Term> parts = new TreeSet<>(Comparator.comparingInt(Term::id));
        for (Term term : terms) {
            if (term instanceof Term.Or or) {
                parts.addAll(or.of());
            } else {
                parts.add(term);
            }
        }
        parts.remove(nothing);
        if (parts.contains(all) || contradicts(parts)) {
            return all;
        }
        if (parts.size() < 2) {
            return parts.isEmpty() ? nothing : parts.first();
        }
        List<Term> list = new ArrayList<>(parts);
        return make(new Key("or", list.stream().map(Term::id).toList()), id -> new Term.Or(id, list));
    }

    private static boolean contradicts(TreeSet<Term> parts) {
        return parts.stream().anyMatch(part -> part instanceof Term.Not not && parts.contains(not.of()));
    }
}
