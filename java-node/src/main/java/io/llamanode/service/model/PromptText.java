package io.llamanode.service.model;

import io.llamanode.account.Weighed;
import io.llamanode.account.Weight;

/**
 * A rendered prompt that remembers which of its characters may form control tokens. Only text of
 * the chat template is trusted; what came from messages never is, so content cannot forge a turn.
 *
 * <p>Never changes: for any thread.
 */
public final class PromptText implements Weighed {
    /** Itself without its texts, bytes. */
    private static final int BARE = 24;

    private static final char TRUSTED = 't';
    private static final char PLAIN = 'p';

    private final String text;
    /** One character for each of {@code text}, so that prefixes compare as strings do. */
    private final String trust;

    private PromptText(String text, String trust) {
        this.text = text;
        this.trust = trust;
    }

    /** {@return the whole text} */
    public String text() {
        return text;
    }

    /**
     * Control tokens are read only in characters that the template wrote; those of a caller stay text.
     *
     * @param index of a character, from 0, below the length
     * @return whether the template wrote it
     */
    public boolean trusted(int index) {
        return trust.charAt(index) == TRUSTED;
    }

    /** {@return how many characters (UTF-16 units) it has} */
    public int length() {
        return text.length();
    }

    /**
     * {@return whether this begins with the same characters of the same trust as {@code prefix}}
     *
     * @param prefix what it may begin with
     */
    public boolean startsWith(PromptText prefix) {
        return text.startsWith(prefix.text) && trust.startsWith(prefix.trust);
    }

    /**
     * {@return this followed by more text}
     *
     * @param more what follows
     * @param trusted whether {@code more} is template text
     */
    public PromptText plus(String more, boolean trusted) {
        return new PromptText(
                text + more, trust + String.valueOf(trusted ? TRUSTED : PLAIN).repeat(more.length()));
    }

    /** {@return whether the last character that is no white space is trusted} */
    public boolean endsTrusted() {
        int end = text.stripTrailing().length();
        return end > 0 && trusted(end - 1);
    }

    @Override
    public long weight() {
        return BARE + Weight.of(text) + Weight.of(trust);
    }

    /** Puts a prompt together from its parts. */
    public static final class Builder {
        private final StringBuilder text = new StringBuilder();
        private final StringBuilder trust = new StringBuilder();

        /** Nothing yet. */
        public Builder() {}

        /**
         * Appends a part of the prompt.
         *
         * @param part more of the prompt
         * @param trusted whether it is template text
         * @return this
         */
        public Builder add(String part, boolean trusted) {
            text.append(part);
            trust.repeat(trusted ? TRUSTED : PLAIN, part.length());
            return this;
        }

        /** {@return the prompt} */
        public PromptText build() {
            return new PromptText(text.toString(), trust.toString());
        }
    }
}
