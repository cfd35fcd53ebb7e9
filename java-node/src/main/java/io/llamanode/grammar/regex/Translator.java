package io.llamanode.grammar.regex;

import static io.llamanode.grammar.regex.Regular.EMPTY;
import static io.llamanode.grammar.regex.Regular.EVERYTHING;
import static io.llamanode.grammar.regex.Regular.NOTHING;
import static io.llamanode.grammar.regex.Regular.NOT_EMPTY;
import static io.llamanode.grammar.regex.Regular.NO_BOUND;

import io.llamanode.grammar.automaton.GrammarLimitException;
import io.llamanode.grammar.rule.CodePoints;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * Turns a pattern into the texts that match it. What may come from a place to the end of the text is built from behind: an anchor
 * or a lookahead is a condition on it. What stands before a place matters to anchors as far as {@link Before} tells it apart, so
 * what can be read before one is split by its last character.
 *
 * <p>For one thread, and one pattern.
 */
final class Translator {
    /** So many times a repetition with an anchor or a lookahead in it is written out. */
    private static final int WRITTEN_OUT = 50;

    private static final int MOST_STEPS = 100_000;
    private static final Regular WORD = Regular.chars(CharacterSets.WORD);
    private static final Regular OTHER = Regular.chars(CharacterSets.WORD.not());

    private final String pattern;
    private int steps;

    Translator(String pattern) {
        this.pattern = pattern;
    }

    /** What stands before a place. */
    private enum Before {
        /** The text begins here. */
        START,
        /** A character of words. */
        WORD,
        /** Another character. */
        OTHER
    }

    /** What may come from a place to the end, by what stands before it. */
    private interface Rest {
        Regular at(Before before) throws PatternException;

        default boolean isAlways(Regular one) throws PatternException {
            for (Before before : Before.values()) {
                if (!at(before).equals(one)) {
                    return false;
                }
            }
            return true;
        }
    }

    Regular matches(Node node) throws PatternException {
        if (node.isPlain()) {
            return Regular.sequence(EVERYTHING, plain(node), EVERYTHING);
        }
        Rest all = known(before -> from(node, before, _ -> EVERYTHING));
        return Regular.choice(List.of(
                all.at(Before.START),
                Regular.sequence(EVERYTHING, WORD, all.at(Before.WORD)),
                Regular.sequence(EVERYTHING, OTHER, all.at(Before.OTHER))));
    }

    private static Rest known(Rest rest) {
        Map<Before, Regular> known = new EnumMap<>(Before.class);
        return before -> {
            Regular one = known.get(before);
            if (one == null) {
                one = rest.at(before);
                known.put(before, one);
            }
            return one;
        };
    }

    private static Regular plain(Node node) {
        return switch (node) {
            case Node.Chars(CodePoints set) -> Regular.chars(set);
            case Node.Sequence(List<Node> parts) ->
                Regular.sequence(parts.stream().map(Translator::plain).toArray(Regular[]::new));
            case Node.Choice(List<Node> alternatives) ->
                Regular.choice(alternatives.stream().map(Translator::plain).toList());
            case Node.Repeat(Node body, int min, int max) -> Regular.repeat(plain(body), min, max);
            case Node.Anchor _, Node.Look _ -> throw new AssertionError("no plain node");
        };
    }

    private Regular from(Node node, Before before, Rest rest) throws PatternException {
        if (++steps > MOST_STEPS) {
            throw new GrammarLimitException("its anchors and lookaheads take more than %d steps".formatted(MOST_STEPS));
        }
        if (node.isPlain()) {
            return read(plain(node), before, rest);
        }
        return switch (node) {
            case Node.Sequence(List<Node> parts) -> sequence(parts, before, rest);
            case Node.Choice(List<Node> alternatives) -> {
                List<Regular> all = new ArrayList<>();
                for (Node alternative : alternatives) {
                    all.add(from(alternative, before, rest));
                }
                yield Regular.choice(all);
            }
            case Node.Repeat repeat -> repeat(repeat, before, rest);
            case Node.Anchor(Node.Place place) -> anchor(place, before, rest);
            case Node.Look(Node ahead, boolean negative) -> {
                Regular seen = from(ahead, before, _ -> EVERYTHING);
                yield rest.at(before).and(negative ? seen.not() : seen);
            }
            case Node.Chars _ -> throw new AssertionError("characters are plain");
        };
    }

    private Regular sequence(List<Node> parts, Before before, Rest rest) throws PatternException {
        Rest behind = rest;
        for (int i = parts.size() - 1; i > 0; i--) {
            Node part = parts.get(i);
            Rest next = behind;
            behind = known(place -> from(part, place, next));
        }
        return from(parts.getFirst(), before, behind);
    }

    /** Reads what is the same anywhere. */
    private static Regular read(Regular one, Before before, Rest rest) throws PatternException {
        List<Regular> all = new ArrayList<>();
        if (one.nullable) {
            all.add(rest.at(before));
        }
        if (one != EMPTY) {
            Regular word = rest.at(Before.WORD);
            Regular other = rest.at(Before.OTHER);
            if (word.equals(other)) {
                boolean whole = one.nullable && rest.at(before).equals(word);
                if (whole) {
                    return Regular.sequence(one, word);
                }
                all.add(Regular.sequence(one.nullable ? one.and(NOT_EMPTY) : one, word));
            } else {
                all.add(Regular.sequence(endingWith(one, CharacterSets.WORD), word));
                all.add(Regular.sequence(endingWith(one, CharacterSets.WORD.not()), other));
            }
        }
        return Regular.choice(all);
    }

    /** {@return the texts whose last character is in a set} */
    private static Regular endingWith(Regular one, CodePoints set) {
        return switch (one) {
            case Regular.Chars chars -> Regular.chars(chars.set.and(set));
            case Regular.Sequence sequence
            when !sequence.rest.nullable -> Regular.sequence(sequence.first, endingWith(sequence.rest, set));
            case Regular.Choice choice ->
                Regular.choice(
                        choice.all.stream().map(each -> endingWith(each, set)).toList());
            case Regular.Repeat repeat
            when repeat.body instanceof Regular.Chars chars ->
                Regular.sequence(
                        Regular.repeat(
                                chars, Math.max(0, repeat.min - 1), repeat.max == NO_BOUND ? NO_BOUND : repeat.max - 1),
                        Regular.chars(chars.set.and(set)));
            default -> one.and(Regular.sequence(EVERYTHING, Regular.chars(set)));
        };
    }

    private static Regular anchor(Node.Place place, Before before, Rest rest) throws PatternException {
        return switch (place) {
            case START -> before == Before.START ? rest.at(before) : NOTHING;
            case END -> rest.at(before).nullable ? EMPTY : NOTHING;
            case WORD_BOUNDARY -> rest.at(before).and(begins(before != Before.WORD));
            case NO_WORD_BOUNDARY -> rest.at(before).and(begins(before == Before.WORD));
        };
    }

    /** {@return the texts that begin with a character of words, or all others} */
    private static Regular begins(boolean withWord) {
        return withWord
                ? Regular.sequence(WORD, EVERYTHING)
                : Regular.choice(List.of(EMPTY, Regular.sequence(OTHER, EVERYTHING)));
    }

    private Regular repeat(Node.Repeat repeat, Before before, Rest rest) throws PatternException {
        if (repeat.max() == 0) {
            return rest.at(before);
        }
        if (rest.isAlways(EVERYTHING) && repeat.min() <= WRITTEN_OUT) {
            // Where anything may come, one time more says nothing.
            return writtenOut(repeat.body(), repeat.min(), 0, before, rest);
        }
        if (repeat.max() != NO_BOUND && repeat.max() <= WRITTEN_OUT) {
            return writtenOut(repeat.body(), repeat.min(), repeat.max() - repeat.min(), before, rest);
        }
        if (rest.isAlways(EMPTY)
                && repeat.body() instanceof Node.Sequence(List<Node> parts)
                && parts.size() == 2
                && parts.getFirst() instanceof Node.Look(Node ahead, boolean negative)
                && parts.getLast() instanceof Node.Chars(CodePoints set)
                && !looksBack(ahead)) {
            Regular seen = from(ahead, Before.START, _ -> EVERYTHING);
            Regular bad = negative ? seen : seen.not();
            Regular none = Regular.sequence(EVERYTHING, bad.and(NOT_EMPTY)).not();
            return Regular.repeat(Regular.chars(set), repeat.min(), repeat.max())
                    .and(none);
        }
        throw new PatternException(
                "'%s' has an anchor, a word boundary or a lookahead in a repetition, where it is not supported"
                        .formatted(pattern));
    }

    private Regular writtenOut(Node body, int must, int may, Before before, Rest rest) throws PatternException {
        Rest behind = rest;
        for (int i = 0; i < may; i++) {
            Rest next = behind;
            behind = known(place -> Regular.choice(List.of(rest.at(place), from(body, place, next))));
        }
        for (int i = 0; i < must; i++) {
            Rest next = behind;
            behind = known(place -> from(body, place, next));
        }
        return behind.at(before);
    }

    /** {@return whether it depends on what stands before it} */
    private static boolean looksBack(Node node) {
        return switch (node) {
            case Node.Chars _ -> false;
            case Node.Sequence(List<Node> parts) -> parts.stream().anyMatch(Translator::looksBack);
            case Node.Choice(List<Node> alternatives) -> alternatives.stream().anyMatch(Translator::looksBack);
            case Node.Repeat repeat -> looksBack(repeat.body());
            case Node.Anchor(Node.Place place) -> place != Node.Place.END;
            case Node.Look(Node ahead, boolean _) -> looksBack(ahead);
        };
    }
}
