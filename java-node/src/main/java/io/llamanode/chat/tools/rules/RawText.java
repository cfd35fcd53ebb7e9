package io.llamanode.chat.tools.rules;

import io.llamanode.grammar.automaton.GrammarLimitException;
import io.llamanode.grammar.notation.Notation.Kind;
import io.llamanode.grammar.regex.Regular;
import io.llamanode.grammar.rule.CodePoints;
import io.llamanode.grammar.rule.Expression;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/** Texts that stand as they are in front of a mark that ends them. */
public final class RawText {
    private static final CodePoints SPACES = CodePoints.of(IntStream.rangeClosed(0, Character.MAX_VALUE)
            .filter(c -> Character.isWhitespace(c) || Character.isSpaceChar(c))
            .toArray());
    private static final Regular SPACE = Regular.repeat(Regular.chars(SPACES), 0, Regular.NO_BOUND);
    private static final Regular REST = Regular.EVERYTHING;

    private RawText() {}

    /**
     * {@return texts behind which a mark is found for the first time}
     *
     * @param mark not empty
     */
    public static Regular before(String mark) {
        return before(List.of(mark));
    }

    /**
     * {@return texts behind which any of some marks is found for the first time}
     *
     * @param marks none of which is empty, and none begins with another
     */
    public static Regular before(Collection<String> marks) {
        List<Regular> others = new ArrayList<>();
        for (String mark : marks) {
            others.add(Regular.sequence(REST, Regular.literal(mark), REST));
            for (int overlap = 1; overlap < mark.length(); overlap++) {
                if (mark.startsWith(mark.substring(mark.length() - overlap))) {
                    // Its beginning and the mark behind it would make it come earlier.
                    others.add(Regular.sequence(REST, Regular.literal(mark.substring(0, mark.length() - overlap))));
                }
            }
        }
        return Regular.choice(others).not();
    }

    /**
     * {@return those of some texts behind which a mark is found for the first time; where that takes too much to tell, those
     * without the mark's first character}
     *
     * @param texts any
     * @param mark not empty
     */
    public static Expression before(Regular texts, String mark) {
        try {
            return texts.and(before(mark)).expression(Expression.Chars::new);
        } catch (GrammarLimitException e) {
            CodePoints others = CodePoints.of(mark.codePointAt(0)).not();
            return Regular.repeat(Regular.chars(others), 0, Regular.NO_BOUND)
                    .and(texts)
                    .expression(Expression.Chars::new);
        }
    }

    /**
     * {@return texts that no reader takes for a value of other kinds, in the notation of JSON or Python}
     *
     * @param kinds of what may stand in the same place
     */
    public static Regular unlike(Set<Kind> kinds) {
        List<Regular> taken = new ArrayList<>();
        for (Kind kind : kinds) {
            switch (kind) {
                case NULL -> words(taken, "null", "none");
                case BOOLEAN -> words(taken, "true", "false");
                case NUMBER -> {
                    CodePoints digits = CodePoints.range('0', '9');
                    taken.add(Regular.sequence(
                            SPACE,
                            Regular.chars(digits.or(CodePoints.of("+-."))),
                            Regular.repeat(
                                    Regular.chars(digits.or(CodePoints.of("+-._eExXoObBaAcCdDfFjJlL"))),
                                    0,
                                    Regular.NO_BOUND),
                            SPACE));
                }
                case ARRAY -> begun(taken, "[(");
                case OBJECT -> begun(taken, "{");
            }
        }
        if (kinds.size() == Kind.values().length) {
            // Where anything may be, a text in quotes is meant as one in JSON.
            begun(taken, "\"'");
        }
        return Regular.choice(taken).not();
    }

    private static void words(List<Regular> taken, String... words) {
        for (String word : words) {
            List<Regular> letters = new ArrayList<>(List.of(SPACE));
            for (char c : word.toCharArray()) {
                letters.add(Regular.chars(CodePoints.of(c, Character.toUpperCase(c))));
            }
            letters.add(SPACE);
            taken.add(Regular.sequence(letters.toArray(Regular[]::new)));
        }
    }

    private static void begun(List<Regular> taken, String first) {
        taken.add(Regular.sequence(SPACE, Regular.chars(CodePoints.of(first)), REST));
    }
}
