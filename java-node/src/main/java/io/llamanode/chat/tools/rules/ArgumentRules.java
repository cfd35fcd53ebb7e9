package io.llamanode.chat.tools.rules;

import static io.llamanode.chat.tools.rules.Parts.joined;
import static io.llamanode.chat.tools.rules.Parts.text;

import io.llamanode.chat.tools.syntax.CallStyle;
import io.llamanode.grammar.json.JsonStrings;
import io.llamanode.grammar.notation.Notation;
import io.llamanode.grammar.notation.Notation.Arguments;
import io.llamanode.grammar.notation.Notation.Kind;
import io.llamanode.grammar.notation.Notation.Value;
import io.llamanode.grammar.regex.Regular;
import io.llamanode.grammar.rule.CodePoints;
import io.llamanode.grammar.rule.Expression;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * How the arguments of a call are written, for each style.
 *
 * @param notation of the values
 * @param arguments of the object that they are
 */
record ArgumentRules(Notation notation, Arguments arguments) {
    /** Readers look no further for the end of a name. */
    private static final int LONGEST_NAME = 200;

    private static final Map<Gaps, ArgumentRules> JSON = new EnumMap<>(Gaps.class);
    private static final Map<Gaps, ArgumentRules> PYTHON = new EnumMap<>(Gaps.class);
    private static final ArgumentRules GEMMA = gemma();

    static {
        for (Gaps gaps : Gaps.values()) {
            JSON.put(gaps, json(gaps));
            PYTHON.put(gaps, python(gaps));
        }
    }

    /** {@return an object of JSON} */
    static ArgumentRules ofJson(Gaps gaps) {
        return Objects.requireNonNull(JSON.get(gaps));
    }

    /** {@return arguments by keyword of a function in Python} */
    static ArgumentRules ofPython(Gaps gaps) {
        return Objects.requireNonNull(PYTHON.get(gaps));
    }

    /** {@return Gemma's own} */
    static ArgumentRules ofGemma() {
        return GEMMA;
    }

    private static Notation values(Gaps gaps) {
        return new Notation(true, gaps.token(), "null", "true", "false", null, null);
    }

    private static ArgumentRules json(Gaps gaps) {
        Expression gap = gaps.token();
        return new ArgumentRules(
                values(gaps),
                new Arguments(
                        joined(text("{"), gap),
                        text("}"),
                        joined(text(","), gap),
                        names -> joined(JsonStrings.expression(names), gap, text(":"), gap),
                        null));
    }

    private static ArgumentRules python(Gaps gaps) {
        CodePoints letters = new CodePoints(IntStream.rangeClosed(0, Character.MAX_CODE_POINT)
                .filter(c -> Character.isUnicodeIdentifierPart(c) && !Character.isIdentifierIgnorable(c) || c == '-')
                .mapToObj(c -> new CodePoints.Range(c, c))
                .toList());
        Regular identifiers = Regular.repeat(Regular.chars(letters), 1, LONGEST_NAME);
        Notation values = new Notation(true, gaps.token(), "None", "True", "False", PythonText::of, null);
        return new ArgumentRules(
                values,
                new Arguments(
                        joined(text("("), gaps.token()),
                        text(")"),
                        joined(text(","), gaps.token()),
                        names -> joined(names.and(identifiers).expression(Expression.Chars::new), text("=")),
                        null));
    }

    private static ArgumentRules gemma() {
        Expression quote = text(CallStyle.Gemma.QUOTE);
        CodePoints plain = new CodePoints(List.of(
                        new CodePoints.Range('a', 'z'), new CodePoints.Range('A', 'Z'), new CodePoints.Range('0', '9')))
                .or(CodePoints.of("_-.$@/"));
        Regular bare = Regular.repeat(Regular.chars(plain), 1, LONGEST_NAME);
        Notation.Quoting strings = texts -> joined(quote, RawText.before(texts, CallStyle.Gemma.QUOTE), quote);
        Notation.Quoting names = texts -> Parts.choice(List.of(
                texts.and(bare).expression(Expression.Chars::new),
                strings.of(texts.and(bare.not()).and(Regular.length(1, Regular.NO_BOUND)))));
        return new ArgumentRules(
                new Notation(true, Expression.EMPTY, "null", "true", "false", strings, names),
                new Arguments(text("{"), text("}"), text(","), texts -> joined(names.of(texts), text(":")), null));
    }

    static ArgumentRules tagged(CallStyle.Tagged tags, Gaps gaps) {
        String end = tags.argumentNameEnd();
        // A reader takes white space around a name for none of it.
        Regular blank = Regular.chars(CodePoints.range(0, ' ')
                .or(CodePoints.range(0x7f, 0xa0))
                .or(CodePoints.of(0x3000))
                .or(CodePoints.range(0x2000, 0x200f))
                .or(CodePoints.of(0x1680, 0x2028, 0x2029, 0x202f, 0x205f)));
        Regular unframed = Regular.sequence(blank, Regular.EVERYTHING)
                .or(Regular.sequence(Regular.EVERYTHING, blank))
                .not();
        Regular allowed = unframed.and(RawText.before(end));
        Notation.Quoting name = names -> {
            Regular short_ = names.and(allowed).and(Regular.length(1, LONGEST_NAME));
            return joined(text(tags.argument()), short_.expression(Expression.Chars::new), text(end));
        };
        Value value = (texts, kinds, others) -> value(tags, gaps, texts, kinds, others);
        return new ArgumentRules(
                values(gaps), new Arguments(Expression.EMPTY, Expression.EMPTY, gaps.part(), name, value));
    }

    private static Expression value(
            CallStyle.Tagged tags, Gaps gaps, Regular texts, Set<Kind> kinds, Expression others) {
        Expression end = text(tags.valueEnd());
        Expression open = tags.valueOpen().isEmpty() ? Expression.EMPTY : joined(gaps.part(), text(tags.valueOpen()));
        Expression frame = tags.values() == CallStyle.Values.FRAMED ? text("\n") : Expression.EMPTY;
        boolean typed = tags.values() == CallStyle.Values.TYPED;
        // Where an attribute tells them apart, a text may look like anything.
        Regular meant = typed || kinds.isEmpty() ? texts : texts.and(RawText.unlike(kinds));
        List<Expression> ways = new ArrayList<>();
        ways.add(joined(attribute(typed, true), open, frame, RawText.before(meant, tags.valueEnd()), frame, end));
        ways.add(joined(attribute(typed, false), open, frame, others, frame, end));
        return Parts.choice(ways);
    }

    private static Expression attribute(boolean typed, boolean string) {
        return typed ? text(" string=\"%b\">".formatted(string)) : Expression.EMPTY;
    }
}
