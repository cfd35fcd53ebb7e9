package io.llamanode.grammar.schema;

import io.llamanode.grammar.rule.Patience;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds the form of each term.
 *
 * <p>For one thread.
 */
final class Normalizer {
    /** Schemas at one place that stand in each other, by reference or not. */
    private static final int MOST_NESTED = 400;

    private final Terms terms;
    private final Algebra algebra;
    private final Keywords keywords;
    private final Emptiness emptiness;
    private final Map<Term, Form> known = new HashMap<>();
    private final Set<Term> underWay = new HashSet<>();

    Normalizer(Document document, Terms terms, Ignored ignored, boolean formats) {
        this.terms = terms;
        this.emptiness = new Emptiness(terms, this::form);
        this.algebra = new Algebra(terms, emptiness);
        this.keywords = new Keywords(document, terms, algebra, this::form, ignored, formats);
    }

    Emptiness emptiness() {
        return emptiness;
    }

    /**
     * Finds the form of a term.
     *
     * @throws SchemaException if that can not be worked out
     */
    Form form(Term term) {
        Form form = known.get(term);
        if (form != null) {
            return form;
        }
        if (underWay.size() > MOST_NESTED) {
            throw new SchemaException("", "", "more than %d of its schemas stand in each other".formatted(MOST_NESTED));
        }
        if (!underWay.add(term)) {
            Location at = location(term);
            throw new SchemaException(
                    at == null ? "" : at.pointer(), "$ref", "it refers to itself, with no property or item between");
        }
        try {
            form = find(term);
            known.put(term, form);
            return form;
        } catch (UndecidableException e) {
            Location at = location(term);
            throw new SchemaException(at == null ? "" : at.pointer(), e.keyword(), String.valueOf(e.getMessage()));
        } finally {
            underWay.remove(term);
        }
    }

    private Form find(Term term) {
        Patience.check();
        return switch (term) {
            case Term.True _ -> Form.all(terms);
            case Term.False _ -> Form.NOTHING;
            case Term.Schema schema -> keywords.form(schema.location());
            case Term.Value value -> Form.of(List.of(value.json()), terms);
            case Term.Not not -> negated(not.of());
            case Term.And and -> {
                Form all = Form.all(terms);
                for (Term part : and.of()) {
                    all = algebra.and(all, form(part));
                }
                yield all;
            }
            case Term.Or or -> {
                List<Form> forms = new ArrayList<>();
                for (Term part : or.of()) {
                    forms.add(form(part));
                }
                yield algebra.or(forms);
            }
        };
    }

    private Form negated(Term term) {
        return switch (term) {
            case Term.And and -> form(terms.or(and.of().stream().map(terms::not).toList()));
            case Term.Or or -> form(terms.and(or.of().stream().map(terms::not).toList()));
            default -> algebra.not(form(term));
        };
    }

    static @Nullable Location location(Term term) {
        return switch (term) {
            case Term.Schema schema -> schema.location();
            case Term.Not not -> location(not.of());
            case Term.And and -> location(and.of().getFirst());
            case Term.Or or -> location(or.of().getFirst());
            default -> null;
        };
    }
}
