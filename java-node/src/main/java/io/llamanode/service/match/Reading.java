package io.llamanode.service.match;

import io.llamanode.grammar.automaton.GrammarLimitException;
import io.llamanode.grammar.automaton.Limits;
import io.llamanode.grammar.language.Language;
import io.llamanode.grammar.language.LanguageException;
import io.llamanode.grammar.match.Matcher;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.FailureException;
import java.util.concurrent.TimeUnit;

/** Reads texts by languages, within bounds of time. Keeps no state: for any thread. */
final class Reading {
    /** Of one text: a hostile grammar takes a millisecond for each byte. */
    private static final long LONGEST_NANOS = TimeUnit.SECONDS.toNanos(5);
    /** The clock is looked at behind so many characters. */
    private static final int AT_ONCE = 256;

    private static final int SHOWN = 40;

    private Reading() {}

    /**
     * Begins a text. Slow for a large language.
     *
     * @param key that the language was given by
     * @throws FailureException {@code invalid_argument} naming the key if it is none, or too large
     */
    static Matcher begin(String key, Language language) {
        try {
            return new Matcher(language.rules(), Limits.DEFAULT);
        } catch (LanguageException | GrammarLimitException e) {
            throw FailureException.invalid(key + ": " + e.getMessage());
        }
    }

    /**
     * Reads a text, or as much of it as can come.
     *
     * @param key that the language was given by
     * @throws FailureException {@code invalid_argument} if a character of it takes too much, {@code timeout} if all take too long
     */
    static void read(String key, Matcher matcher, String text) {
        long begun = System.nanoTime();
        try {
            for (int at = 0; at < text.length(); at += AT_ONCE) {
                if (!matcher.read(text.substring(at, Math.min(text.length(), at + AT_ONCE)))) {
                    return;
                }
                if (System.nanoTime() - begun > LONGEST_NANOS) {
                    throw new FailureException(
                            ErrorCode.TIMEOUT,
                            "%s: after %d s %d of the text's %d characters are read; it is too ambiguous"
                                    .formatted(
                                            key,
                                            TimeUnit.NANOSECONDS.toSeconds(LONGEST_NANOS),
                                            matcher.characters(),
                                            text.codePointCount(0, text.length())));
                }
            }
        } catch (GrammarLimitException e) {
            throw FailureException.invalid(
                    "%s: %s, behind %d characters of the text".formatted(key, e.getMessage(), matcher.characters()));
        }
    }

    /** {@return the beginning of a text in double quotes, on one line} */
    static String quoted(String text) {
        StringBuilder line = new StringBuilder("\"");
        text.codePoints().limit(SHOWN).forEach(character -> {
            switch (character) {
                case '\n' -> line.append("\\n");
                case '\t' -> line.append("\\t");
                default -> {
                    if (Character.isISOControl(character) || Character.getType(character) == Character.FORMAT) {
                        line.append("\\u{%x}".formatted(character));
                    } else {
                        line.appendCodePoint(character);
                    }
                }
            }
        });
        boolean cut = text.codePointCount(0, text.length()) > SHOWN;
        return line.append(cut ? "...\"" : "\"").toString();
    }
}
