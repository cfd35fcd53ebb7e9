package io.llamanode.grammar.schema;

import io.llamanode.grammar.automaton.GrammarLimitException;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * Tells what has no value for sure. That something has values is never said: a schema which can not be worked out counts as one
 * that has some.
 *
 * <p>For one thread.
 */
final class Emptiness {
    /** How deep it looks into what is required. */
    private static final int DEPTH = 24;

    private final Terms terms;
    private final Function<Term, Form> forms;
    private final Map<Term, Boolean> known = new HashMap<>();
    private int depth;

    Emptiness(Terms terms, Function<Term, Form> forms) {
        this.terms = terms;
        this.forms = forms;
    }

    boolean isEmpty(Term term) {
        return switch (term) {
            case Term.True _ -> false;
            case Term.False _ -> true;
            default -> {
                Boolean answer = known.get(term);
                if (answer == null) {
                    answer = find(term);
                }
                yield answer;
            }
        };
    }

    private boolean find(Term term) {
        if (depth == DEPTH) {
            return false;
        }
        depth++;
        known.put(term, false);
        try {
            boolean answer = isEmpty(forms.apply(term));
            known.put(term, answer);
            return answer;
        } catch (SchemaException | UndecidableException | GrammarLimitException e) {
            return false;
        } finally {
            depth--;
        }
    }

    boolean isEmpty(Form form) {
        return !form.nulls()
                && form.booleans() == 0
                && form.numbers().isEmpty()
                && form.arrays().stream().allMatch(this::isEmpty)
                && form.objects().stream().allMatch(this::isEmpty)
                && form.texts().isEmpty();
    }

    boolean isEmpty(ArrayShape shape) {
        if (shape.min() > shape.max()) {
            return true;
        }
        for (int i = 0; i < Math.min(shape.min(), shape.prefix().size() + 1); i++) {
            if (isEmpty(shape.item(i))) {
                return true;
            }
        }
        for (ArrayShape.Contains each : shape.contains()) {
            if (each.min() > each.max()
                    || each.min() > (long) shape.max() - each.from()
                    || each.min() > 0 && noneCanBe(shape, each)) {
                return true;
            }
        }
        return false;
    }

    private boolean noneCanBe(ArrayShape shape, ArrayShape.Contains wanted) {
        for (int i = wanted.from(); i < Math.min(shape.max(), shape.prefix().size() + 1); i++) {
            if (!isEmpty(terms.and(shape.item(i), wanted.term()))) {
                return false;
            }
        }
        int behind = Math.max(wanted.from(), shape.prefix().size() + 1);
        return behind >= shape.max() || isEmpty(terms.and(shape.rest(), wanted.term()));
    }

    boolean isEmpty(ObjectShape shape) {
        if (shape.min() > shape.max() || shape.required().size() > shape.max()) {
            return true;
        }
        for (String name : shape.required()) {
            if (isEmpty(shape.term(name, terms))) {
                return true;
            }
        }
        if (shape.rest().isEmpty()
                && shape.properties().values().stream()
                                .filter(term -> !(term instanceof Term.False))
                                .count()
                        < shape.min()) {
            return true;
        }
        return shape.some().stream().anyMatch(part -> noneCanBe(shape, part));
    }

    private boolean noneCanBe(ObjectShape shape, ObjectShape.Part wanted) {
        for (Map.Entry<String, Term> property : shape.properties().entrySet()) {
            if (wanted.names().contains(property.getKey()) && !isEmpty(terms.and(property.getValue(), wanted.term()))) {
                return false;
            }
        }
        Texts others = Texts.of(shape.properties().keySet()).not();
        return shape.rest().stream()
                .allMatch(part -> isEmpty(terms.and(part.term(), wanted.term()))
                        || part.names().and(wanted.names()).and(others).isEmpty());
    }

    /** {@return whether no object is of both shapes, as far as it is easily seen} */
    boolean areDisjoint(ObjectShape one, ObjectShape two) {
        if (one.min() > two.max() || two.min() > one.max()) {
            return true;
        }
        return haveNone(one.required(), Set.of(), one, two) || haveNone(two.required(), one.required(), one, two);
    }

    /** {@return whether one of some properties can not be in both} */
    private boolean haveNone(Set<String> names, Set<String> seen, ObjectShape one, ObjectShape two) {
        for (String name : names) {
            if (!seen.contains(name) && isEmpty(terms.and(one.term(name, terms), two.term(name, terms)))) {
                return true;
            }
        }
        return false;
    }
}
