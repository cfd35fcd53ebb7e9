package io.llamanode.grammar.schema;

import io.llamanode.grammar.notation.Notation;
import io.llamanode.grammar.regex.Regular;
import io.llamanode.grammar.rule.Expression;
import java.util.EnumSet;
import java.util.Set;

/**
 * Objects as the arguments of a call.
 *
 * <p>For one thread.
 */
final class ArgumentLayout implements Layout {
    private final GrammarWriter writer;
    private final Notation.Arguments arguments;

    ArgumentLayout(GrammarWriter writer, Notation.Arguments arguments) {
        this.writer = writer;
        this.arguments = arguments;
    }

    @Override
    public Expression open() {
        return arguments.open();
    }

    @Override
    public Expression close() {
        return arguments.close();
    }

    @Override
    public Expression separator() {
        return arguments.separator();
    }

    @Override
    public Expression key(String name) {
        return arguments.name().of(Regular.literal(name));
    }

    @Override
    public Expression key(Texts names) {
        return arguments.name().of(names.regular());
    }

    @Override
    public Expression pair(Expression key, Term term) {
        if (term instanceof Term.False || key.equals(Expression.NOTHING)) {
            return Expression.NOTHING;
        }
        Notation.Value value = arguments.value();
        if (value == null) {
            return GrammarWriter.joined(key, writer.reference(term), writer.gap());
        }
        Form form = writer.form(term);
        Set<Notation.Kind> kinds = kinds(form);
        Expression others = kinds.isEmpty() ? Expression.NOTHING : writer.withoutTexts(term);
        return GrammarWriter.joined(key, writer.shared(value.of(form.texts().regular(), kinds, others)));
    }

    private static Set<Notation.Kind> kinds(Form form) {
        Set<Notation.Kind> kinds = EnumSet.noneOf(Notation.Kind.class);
        if (form.nulls()) {
            kinds.add(Notation.Kind.NULL);
        }
        if (form.booleans() != 0) {
            kinds.add(Notation.Kind.BOOLEAN);
        }
        if (!form.numbers().isEmpty()) {
            kinds.add(Notation.Kind.NUMBER);
        }
        if (!form.arrays().isEmpty()) {
            kinds.add(Notation.Kind.ARRAY);
        }
        if (!form.objects().isEmpty()) {
            kinds.add(Notation.Kind.OBJECT);
        }
        return kinds;
    }
}
