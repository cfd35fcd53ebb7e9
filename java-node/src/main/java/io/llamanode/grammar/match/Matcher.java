package io.llamanode.grammar.match;

import io.llamanode.grammar.automaton.Automaton;
import io.llamanode.grammar.automaton.Limits;
import io.llamanode.grammar.automaton.Recognizer;
import io.llamanode.grammar.automaton.State;
import io.llamanode.grammar.rule.Grammar;
import io.llamanode.grammar.rule.Productive;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Reads a text, in pieces if need be, up to the first character that can not come there.
 *
 * <p>For one thread at a time.
 */
public final class Matcher {
    /** Of one grammar; about as many as the characters in its texts in quotes. */
    private static final int MOST_NODES = 1 << 17;

    private static final int UNPAIRED = -1;
    private static final char NONE = 0;

    private final Recognizer recognizer;
    private State state;
    private long bytes;
    private long characters;
    private boolean stopped;
    /** The first half of a character whose second one has not come yet. */
    private char half = NONE;

    private @Nullable String refused;
    private final byte[] utf8 = new byte[4];

    /**
     * Begins a text. Slow for a large grammar.
     *
     * @param grammar that it may keep to
     * @param limits of each byte's reading
     * @throws io.llamanode.grammar.automaton.GrammarLimitException if the grammar is too large, or its texts take too much to read
     */
    public Matcher(Grammar grammar, Limits limits) {
        this.recognizer = new Recognizer(Automaton.of(productive(grammar), MOST_NODES), limits);
        this.state = recognizer.start();
    }

    /** What no text comes of is left out, lest a text is called the beginning of one that there is not. */
    private static Grammar productive(Grammar grammar) {
        return new Grammar(grammar.root(), Productive.only(grammar.rules()));
    }

    /**
     * Reads on. Nothing is read behind a character that can not come.
     *
     * @param piece of the text; may end within a surrogate pair
     * @return whether all of it can come there
     * @throws io.llamanode.grammar.automaton.GrammarLimitException if that takes too much to find out
     */
    public boolean read(CharSequence piece) {
        for (int i = 0; i < piece.length() && !stopped; i++) {
            char unit = piece.charAt(i);
            if (half != NONE) {
                char first = half;
                half = NONE;
                read(Character.isLowSurrogate(unit) ? Character.toCodePoint(first, unit) : UNPAIRED);
            } else if (Character.isHighSurrogate(unit)) {
                half = unit;
            } else {
                read(Character.isLowSurrogate(unit) ? UNPAIRED : unit);
            }
        }
        return !stopped;
    }

    private void read(int character) {
        int length = encode(character);
        State after = length == 0 ? null : recognizer.current(state);
        for (int i = 0; i < length && after != null; i++) {
            after = recognizer.next(after, Byte.toUnsignedInt(utf8[i]));
        }
        if (after == null) {
            stopped = true;
            refused = length == 0 ? null : Character.toString(character);
        } else {
            state = after;
            bytes += length;
            characters++;
        }
    }

    /** {@return how many bytes it has; none for half of a surrogate pair, which no text in UTF-8 has} */
    private int encode(int character) {
        if (character >= 0 && character < 0x80) {
            utf8[0] = (byte) character;
            return 1;
        }
        byte[] all = character == UNPAIRED
                ? new byte[0]
                : Character.toString(character).getBytes(StandardCharsets.UTF_8);
        System.arraycopy(all, 0, utf8, 0, all.length);
        return all.length;
    }

    /** {@return whether the text, if nothing more comes, keeps to the grammar} */
    public boolean isComplete() {
        return !stopped && half == NONE && state.isComplete();
    }

    /** {@return whether a text that keeps to the grammar begins with what was read} */
    public boolean isBeginning() {
        return !stopped && (!state.isOver() || state.isComplete());
    }

    /** {@return bytes in UTF-8 of the characters that can come where they are} */
    public long bytes() {
        return bytes;
    }

    /** {@return code points that can come where they are} */
    public long characters() {
        return characters;
    }

    /** {@return the character that can not come, {@code null} if there is none, or it is but half a surrogate pair} */
    public @Nullable String refused() {
        return refused;
    }
}
