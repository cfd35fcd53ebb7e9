package io.llamanode.grammar.regex;

import io.llamanode.grammar.rule.CodePoints;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads a pattern, by recursive descent.
 *
 * <p>For one thread, and one pattern.
 */
final class PatternParser {
    private static final int MOST_CHARACTERS = 5_000;
    private static final int DEEPEST = 200;

    private final String pattern;
    private final EscapeParser escapes;
    private int depth;

    PatternParser(String pattern) {
        this.pattern = pattern;
        this.escapes = new EscapeParser(pattern);
    }

    Node parse() throws PatternException {
        if (pattern.length() > MOST_CHARACTERS) {
            throw new PatternException("has more than %d characters".formatted(MOST_CHARACTERS));
        }
        Node all = choice();
        if (escapes.at < pattern.length()) {
            throw escapes.error("a group is closed that is not open");
        }
        return all;
    }

    private Node choice() throws PatternException {
        List<Node> alternatives = new ArrayList<>();
        alternatives.add(sequence());
        while (escapes.skip("|")) {
            alternatives.add(sequence());
        }
        return alternatives.size() == 1 ? alternatives.getFirst() : new Node.Choice(alternatives);
    }

    private Node sequence() throws PatternException {
        List<Node> parts = new ArrayList<>();
        while (escapes.at < pattern.length() && !escapes.looksAt("|") && !escapes.looksAt(")")) {
            Node term = term();
            parts.add(quantified(term));
        }
        return parts.size() == 1 ? parts.getFirst() : new Node.Sequence(parts);
    }

    private Node term() throws PatternException {
        int start = escapes.at;
        int codePoint = escapes.next();
        return switch (codePoint) {
            case '^' -> new Node.Anchor(Node.Place.START);
            case '$' -> new Node.Anchor(Node.Place.END);
            case '.' -> new Node.Chars(CharacterSets.LINE_END.not());
            case '(' -> group(start);
            case '[' -> new Node.Chars(characterClass(start));
            case '\\' -> escaped();
            case '*', '+', '?' -> throw escapes.errorAt(start, "there is nothing to repeat");
            case '{' -> {
                escapes.at = start;
                if (bounds() != null) {
                    throw escapes.errorAt(start, "there is nothing to repeat");
                }
                escapes.at = start + 1;
                yield new Node.Chars(CodePoints.of(codePoint));
            }
            default -> new Node.Chars(escapes.character(codePoint));
        };
    }

    private Node escaped() throws PatternException {
        if (escapes.skip("b")) {
            return new Node.Anchor(Node.Place.WORD_BOUNDARY);
        }
        if (escapes.skip("B")) {
            return new Node.Anchor(Node.Place.NO_WORD_BOUNDARY);
        }
        return new Node.Chars(escapes.set(false));
    }

    private Node group(int start) throws PatternException {
        if (++depth > DEEPEST) {
            throw escapes.errorAt(start, "more than %d groups stand in each other".formatted(DEEPEST));
        }
        Node.@Nullable Look look = null;
        if (escapes.skip("?")) {
            if (escapes.skip("=")) {
                look = new Node.Look(choice(), false);
            } else if (escapes.skip("!")) {
                look = new Node.Look(choice(), true);
            } else if (escapes.looksAt("<=") || escapes.looksAt("<!")) {
                throw escapes.errorAt(start, "a lookbehind is not supported");
            } else if (escapes.skip("<")) {
                name(start);
            } else if (!escapes.skip(":")) {
                throw escapes.errorAt(start, "'(?%s' is no group that is supported".formatted(escapes.rest(1)));
            }
        }
        Node inside = look == null ? choice() : look;
        if (!escapes.skip(")")) {
            throw escapes.errorAt(start, "a group is not closed");
        }
        depth--;
        // In a group an anchor or a lookahead may be repeated.
        return look == null && (inside instanceof Node.Anchor || inside instanceof Node.Look)
                ? new Node.Sequence(List.of(inside))
                : inside;
    }

    private void name(int start) throws PatternException {
        int end = pattern.indexOf('>', escapes.at);
        if (end <= escapes.at
                || !pattern.substring(escapes.at, end)
                        .codePoints()
                        .allMatch(each -> each == '$' || Character.isUnicodeIdentifierPart(each))) {
            throw escapes.errorAt(start, "the name of a group is not closed, or none");
        }
        escapes.at = end + 1;
    }

    private Node quantified(Node term) throws PatternException {
        int start = escapes.at;
        int @Nullable [] bounds = bounds();
        if (bounds == null) {
            return term;
        }
        escapes.skip("?");
        if (term instanceof Node.Anchor || term instanceof Node.Look) {
            throw escapes.errorAt(start, "an anchor or a lookahead is repeated, which says nothing");
        }
        if (bounds[1] != Regular.NO_BOUND && bounds[1] < bounds[0]) {
            throw escapes.errorAt(start, "the bounds of a repetition are out of order");
        }
        return new Node.Repeat(term, bounds[0], bounds[1]);
    }

    /** {@return bounds that stand here; {@code null}, and nothing read, if none do} */
    private int @Nullable [] bounds() throws PatternException {
        if (escapes.skip("*")) {
            return new int[] {0, Regular.NO_BOUND};
        }
        if (escapes.skip("+")) {
            return new int[] {1, Regular.NO_BOUND};
        }
        if (escapes.skip("?")) {
            return new int[] {0, 1};
        }
        int start = escapes.at;
        if (escapes.skip("{")) {
            int min = number(start);
            int max = min;
            if (min >= 0 && escapes.skip(",")) {
                max = escapes.looksAt("}") ? Regular.NO_BOUND : number(start);
                if (max < 0 && !escapes.looksAt("}")) {
                    min = -1;
                }
            }
            if (min >= 0 && escapes.skip("}")) {
                return new int[] {min, max};
            }
            escapes.at = start;
        }
        return null;
    }

    /** {@return a number that stands here, or -1} */
    private int number(int start) throws PatternException {
        int from = escapes.at;
        while (escapes.at < pattern.length() && CharacterSets.DIGIT.contains(pattern.charAt(escapes.at))) {
            escapes.at++;
        }
        if (from == escapes.at) {
            return -1;
        }
        try {
            return Integer.parseInt(pattern.substring(from, escapes.at));
        } catch (NumberFormatException e) {
            throw escapes.errorAt(start, "a bound of a repetition is over %d".formatted(Integer.MAX_VALUE));
        }
    }

    private CodePoints characterClass(int start) throws PatternException {
        boolean negative = escapes.skip("^");
        CodePoints all = CodePoints.NONE;
        while (!escapes.skip("]")) {
            if (escapes.at == pattern.length()) {
                throw escapes.errorAt(start, "a class of characters is not closed");
            }
            CodePoints first = member();
            int dash = escapes.at;
            if (escapes.skip("-") && escapes.at < pattern.length() && !escapes.looksAt("]")) {
                int firstCodePoint = escapes.single;
                CodePoints last = member();
                int lastCodePoint = escapes.single;
                if (firstCodePoint < 0 || lastCodePoint < 0) {
                    // A set is no end of a range: the dash stands for itself.
                    all = all.or(CodePoints.of('-')).or(last);
                } else if (lastCodePoint < firstCodePoint) {
                    throw escapes.errorAt(dash, "a range of characters is out of order");
                } else {
                    all = all.or(CodePoints.range(firstCodePoint, lastCodePoint));
                }
            } else {
                escapes.at = dash;
            }
            all = all.or(first);
        }
        return negative ? all.not() : all;
    }

    private CodePoints member() throws PatternException {
        int codePoint = escapes.next();
        if (codePoint != '\\') {
            escapes.single = codePoint;
            return CodePoints.of(codePoint);
        }
        return escapes.set(true);
    }
}
