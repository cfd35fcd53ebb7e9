package io.llamanode.service.model;

/**
 * A rendered prompt that remembers which of its characters may form control tokens. Only text of
 * the chat template is trusted; what came from messages never is, so content cannot forge a turn.
 *
 * <p>Never changes: for any thread.
 */
public final class PromptText {
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

    public boolean trusted(int index) {
        return trust.charAt(index) == TRUSTED;
    }

    public int length() {
        return text.length();
    }

    /** {@return whether this begins with the same characters of the same trust as {@code prefix}} */
    public boolean startsWith(PromptText prefix) {
        return text.startsWith(prefix.text) && trust.startsWith(prefix.trust);
    }

    /** {@return this followed by more text} */
    public PromptText plus(String more, boolean trusted) {
        return new PromptText(
                text + more, trust + String.valueOf(trusted ? TRUSTED : PLAIN).repeat(more.length()));
    }

    /** {@return whether the last character that is no white space is trusted} */
    public boolean endsTrusted() {
        int end = text.stripTrailing().length();
        return end > 0 && trusted(end - 1);
    }

    /** Puts a prompt together from its parts. */
    public static final class Builder {
        private final StringBuilder text = new StringBuilder();
        private final StringBuilder trust = new StringBuilder();

        /** Nothing yet. */
        public Builder() {}

        /**
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
