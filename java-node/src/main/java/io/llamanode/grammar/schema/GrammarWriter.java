package io.llamanode.grammar.schema;

import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.DecimalNode;
import com.fasterxml.jackson.databind.node.NullNode;
import io.llamanode.grammar.automaton.GrammarLimitException;
import io.llamanode.grammar.json.JsonNumbers;
import io.llamanode.grammar.json.JsonStrings;
import io.llamanode.grammar.json.NumberRange;
import io.llamanode.grammar.json.StringSets;
import io.llamanode.grammar.notation.Notation;
import io.llamanode.grammar.regex.Regular;
import io.llamanode.grammar.rule.Expression;
import io.llamanode.grammar.rule.Expression.Repeat;
import io.llamanode.grammar.rule.Grammar;
import io.llamanode.grammar.rule.Patience;
import io.llamanode.grammar.rule.Productive;
import java.math.BigDecimal;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Writes a grammar: a rule for each term that has been asked for.
 *
 * <p>For one thread, and one grammar.
 */
final class GrammarWriter {
    private static final String ROOT = "root";

    private final Terms terms;
    private final Normalizer normalizer;
    private final Ignored ignored;
    private final Notation notation;
    private final boolean ordered;
    private final boolean closed;
    private final boolean plain;
    private final ArrayWriter arrays;
    private final ObjectWriter objects;
    private final Map<Term, Expression> references = new HashMap<>();
    private final Map<Form, Expression> byForm = new HashMap<>();
    private final Map<Texts, Expression> texts = new HashMap<>();
    private final Map<NumberRange, Expression> numbers = new HashMap<>();
    private final Deque<Open> open = new ArrayDeque<>();
    private final Map<String, Expression> rules = new LinkedHashMap<>();
    private final Map<Object, Expression> sharing = new HashMap<>();

    /** A rule that is not written yet. */
    private record Open(String name, Term term, Form form) {}

    GrammarWriter(Terms terms, Normalizer normalizer, Notation notation, JsonSchema.Options options, Ignored ignored) {
        this.terms = terms;
        this.normalizer = normalizer;
        this.ignored = ignored;
        this.notation = notation;
        this.ordered = options.order() == JsonSchema.Order.SCHEMA;
        this.closed = options.undeclared() == JsonSchema.Undeclared.IF_SAID;
        this.plain = notation.plain() || options.numerals() == JsonSchema.Numerals.PLAIN;
        this.arrays = new ArrayWriter(this, terms);
        this.objects = new ObjectWriter(this, new Members(), terms);
    }

    Grammar write(Term root) {
        rules.put(ROOT, Expression.NOTHING);
        rules.put(ROOT, Expression.sequence(gap(), reference(root), gap()));
        return finished();
    }

    /** Writes the objects of a term as arguments of a call. */
    Grammar write(Term root, Notation.Arguments arguments) {
        rules.put(ROOT, Expression.NOTHING);
        ObjectWriter outermost = new ObjectWriter(this, new ArgumentLayout(this, arguments), terms);
        rules.put(
                ROOT,
                Expression.choice(normalizer.form(root).objects().stream()
                        .map(shape -> object(outermost, root, shape))
                        .filter(each -> !each.equals(Expression.NOTHING))
                        .toList()));
        return finished();
    }

    private Grammar finished() {
        while (!open.isEmpty()) {
            Patience.check();
            Open next = open.remove();
            rules.put(next.name, expression(next.term, next.form));
        }
        Map<String, Expression> productive = Productive.only(rules);
        if (Expression.NOTHING.equals(productive.get(ROOT))) {
            throw new SchemaException("", "", "no value is valid by it");
        }
        return new Grammar(ROOT, productive);
    }

    /** {@return what stands for a term, the rule of which is written sooner or later} */
    Expression reference(Term term) {
        if (term instanceof Term.False) {
            return Expression.NOTHING;
        }
        Expression known = references.get(term);
        if (known == null) {
            // Schemas that mean the same share their rules.
            known = reference(term, normalizer.form(term));
            references.put(term, known);
        }
        return known;
    }

    private Expression reference(Term term, Form form) {
        Expression known = byForm.get(form);
        if (known == null) {
            known = begun(term, form);
            byForm.put(form, known);
        }
        return known;
    }

    /** {@return the values of a term that are no texts} */
    Expression withoutTexts(Term term) {
        return reference(term, normalizer.form(term).withTexts(Texts.NONE));
    }

    Form form(Term term) {
        return normalizer.form(term);
    }

    private Expression begun(Term term, Form form) {
        if (form.arrays().isEmpty() && form.objects().isEmpty()) {
            return shared(expression(term, form));
        }
        String name = "v" + byForm.size();
        rules.put(name, Expression.NOTHING);
        open.add(new Open(name, term, form));
        return new Expression.Reference(name);
    }

    /** {@return whether an object has other properties than those of the schema only where that says something of them} */
    boolean isClosed() {
        return closed;
    }

    /** {@return whether properties come in the schema's order} */
    boolean isOrdered() {
        return ordered;
    }

    Expression gap() {
        return notation.gap();
    }

    Expression comma() {
        return joined(new Expression.Text(","), gap());
    }

    /** {@return a value with what may stand behind it} */
    Expression item(Term term) {
        return term instanceof Term.False ? Expression.NOTHING : joined(reference(term), gap());
    }

    /** Objects as JSON has them. */
    private final class Members implements Layout {
        @Override
        public Expression open() {
            return joined(new Expression.Text("{"), gap());
        }

        @Override
        public Expression close() {
            return new Expression.Text("}");
        }

        @Override
        public Expression separator() {
            return comma();
        }

        @Override
        public Expression key(String name) {
            return notation.names() == null
                    ? JsonStrings.literal(name)
                    : notation.names().of(Regular.literal(name));
        }

        @Override
        public Expression key(Texts names) {
            return notation.names() == null
                    ? text(names)
                    : shared(notation.names().of(names.regular()));
        }

        @Override
        public Expression pair(Expression key, Term term) {
            if (term instanceof Term.False || key.equals(Expression.NOTHING)) {
                return Expression.NOTHING;
            }
            return joined(key, gap(), new Expression.Text(":"), gap(), reference(term), gap());
        }
    }

    /** {@return these one behind the other; nothing if one of them is nothing} */
    static Expression joined(Expression... parts) {
        List<Expression> all = new ArrayList<>();
        for (Expression part : parts) {
            if (part.equals(Expression.NOTHING)) {
                return part;
            }
            if (!part.equals(Expression.EMPTY)) {
                all.add(part);
            }
        }
        return Expression.sequence(all.toArray(Expression[]::new));
    }

    /** {@return items one behind the other, with commas between, and before them if something has come} */
    Expression list(Expression item, boolean first, int min, int max) {
        return list(item, comma(), first, min, max);
    }

    Expression list(Expression item, Expression separator, boolean first, int min, int max) {
        if (max == 0 || item.equals(Expression.NOTHING)) {
            return min == 0 ? Expression.EMPTY : Expression.NOTHING;
        }
        Expression next = joined(separator, item);
        if (!first) {
            return new Repeat(next, min, max);
        }
        int more = max == Repeat.NO_BOUND ? max : max - 1;
        Expression some = Expression.sequence(item, new Repeat(next, Math.max(0, min - 1), more));
        return min == 0 ? Expression.optional(some) : some;
    }

    /** {@return it, or a rule of its own for what is large} */
    Expression shared(Expression expression) {
        if (expression instanceof Expression.Text
                || expression instanceof Expression.Reference
                || expression.equals(Expression.NOTHING)) {
            return expression;
        }
        return sharing.computeIfAbsent(expression, _ -> {
            String name = "s" + sharing.size();
            rules.put(name, expression);
            return new Expression.Reference(name);
        });
    }

    boolean isEmpty(Term term) {
        return normalizer.emptiness().isEmpty(term);
    }

    /** {@return the values of a term, none if there are more than some, or such with parts} */
    List<Term> values(Term term, int most) {
        Form form = normalizer.form(term);
        List<Term> all = new ArrayList<>();
        if (!form.arrays().isEmpty() || !form.objects().isEmpty() || !(form.texts() instanceof Texts.Few few)) {
            return List.of();
        }
        few.all().forEach(text -> all.add(terms.text(text)));
        if (form.nulls()) {
            all.add(terms.value(NullNode.instance));
        }
        if ((form.booleans() & Form.TRUE) != 0) {
            all.add(terms.value(BooleanNode.TRUE));
        }
        if ((form.booleans() & Form.FALSE) != 0) {
            all.add(terms.value(BooleanNode.FALSE));
        }
        for (NumberRange range : form.numbers().ranges()) {
            if (range.minimum() == null
                    || range.maximum() == null
                    || range.minimum().compareTo(range.maximum()) != 0) {
                return List.of();
            }
            all.add(terms.value(DecimalNode.valueOf(range.minimum())));
        }
        return all.size() > most ? List.of() : all;
    }

    private static boolean isInteger(NumberRange range) {
        BigDecimal one = range.multipleOf();
        if (one == null && range.minimum() != null && range.minimum().equals(range.maximum())) {
            one = range.minimum();
        }
        return one != null && one.stripTrailingZeros().scale() <= 0;
    }

    private Expression expression(Term term, Form form) {
        List<Expression> all = new ArrayList<>();
        try {
            all.add(text(form.texts()));
        } catch (GrammarLimitException e) {
            throw refusal(term, new UndecidableException("pattern", "it is too complex: " + e.getMessage()));
        }
        try {
            form.numbers().ranges().forEach(range -> all.add(number(range)));
        } catch (GrammarLimitException e) {
            throw refusal(term, new UndecidableException("multipleOf", "it is too complex: " + e.getMessage()));
        }
        form.objects().forEach(shape -> all.add(object(objects, term, shape)));
        form.arrays().forEach(shape -> all.add(array(term, shape)));
        if ((form.booleans() & Form.TRUE) != 0) {
            all.add(new Expression.Text(notation.trues()));
        }
        if ((form.booleans() & Form.FALSE) != 0) {
            all.add(new Expression.Text(notation.falses()));
        }
        if (form.nulls()) {
            all.add(new Expression.Text(notation.nulls()));
        }
        all.removeIf(Expression.NOTHING::equals);
        return Expression.choice(all);
    }

    private Expression object(ObjectWriter writer, Term term, ObjectShape shape) {
        try {
            return writer.expression(shape);
        } catch (UndecidableException e) {
            ignored.add(refusal(term, e));
            return writer.expression(new ObjectShape(
                    shape.properties(),
                    shape.rest(),
                    shape.required(),
                    0,
                    ArrayShape.NO_BOUND,
                    shape.some(),
                    shape.said()));
        }
    }

    private Expression array(Term term, ArrayShape shape) {
        try {
            return arrays.expression(shape);
        } catch (UndecidableException e) {
            ignored.add(refusal(term, e));
            boolean unique = shape.unique() && !e.keyword().equals("uniqueItems");
            return array(
                    term,
                    new ArrayShape(
                            shape.prefix(),
                            shape.rest(),
                            shape.min(),
                            shape.max(),
                            unique ? shape.contains() : List.of(),
                            unique));
        }
    }

    private static SchemaException refusal(Term term, UndecidableException why) {
        Location at = Normalizer.location(term);
        return new SchemaException(at == null ? "" : at.pointer(), why.keyword(), String.valueOf(why.getMessage()));
    }

    private Expression spelled(Texts some) {
        return switch (some) {
            case Texts.Few(Set<String> all) -> StringSets.of(all);
            case Texts.Except(Set<String> others) -> StringSets.except(others, this::shared);
            case Texts.Language(Regular regular) -> JsonStrings.expression(regular);
        };
    }

    private Expression number(NumberRange range) {
        Expression known = numbers.get(range);
        if (known == null) {
            known = shared(plain ? JsonNumbers.plain(range, isInteger(range)) : JsonNumbers.expression(range));
            numbers.put(range, known);
        }
        return known;
    }

    private Expression text(Texts some) {
        Expression known = texts.get(some);
        if (known == null) {
            known = shared(
                    notation.strings() == null
                            ? spelled(some)
                            : notation.strings().of(some.regular()));
            texts.put(some, known);
        }
        return known;
    }
}
