package io.llamanode.grammar.regex;

import io.llamanode.grammar.rule.CodePoints;
import java.util.List;

/** A pattern as it is written. */
sealed interface Node {
    /** What is true at a place, and reads nothing. */
    enum Place {
        START,
        END,
        WORD_BOUNDARY,
        NO_WORD_BOUNDARY
    }

    /** One character of a set. */
    record Chars(CodePoints set) implements Node {}

    /** One behind the other. */
    record Sequence(List<Node> parts) implements Node {}

    /** Any of several. */
    record Choice(List<Node> alternatives) implements Node {}

    /** The same several times; {@code max} may be {@link Regular#NO_BOUND}. */
    record Repeat(Node body, int min, int max) implements Node {}

    /** An anchor. */
    record Anchor(Place place) implements Node {}

    /** A lookahead. */
    record Look(Node ahead, boolean negative) implements Node {}

    /** {@return whether it is the same wherever it stands} */
    default boolean isPlain() {
        return switch (this) {
            case Chars _ -> true;
            case Sequence(List<Node> parts) -> parts.stream().allMatch(Node::isPlain);
            case Choice(List<Node> alternatives) -> alternatives.stream().allMatch(Node::isPlain);
            case Repeat repeat -> repeat.body.isPlain();
            case Anchor _, Look _ -> false;
        };
    }
}
