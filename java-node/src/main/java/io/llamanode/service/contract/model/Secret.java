package io.llamanode.service.contract.model;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A text that is shown nowhere: no log, status, report or message has it.
 *
 * <p>Never changes: for any thread.
 */
public final class Secret {
    private static final String HIDDEN = "***";

    private final String text;

    /**
     * Keeps a text to itself.
     *
     * @param text the secret
     */
    public Secret(String text) {
        this.text = Objects.requireNonNull(text);
    }

    /** {@return the secret itself, for who must tell it to the one it is for} */
    public String reveal() {
        return text;
    }

    /**
     * Strikes the secret out of a text.
     *
     * @param said by somebody who may know it
     * @return the text with {@code ***} in place of the secret
     */
    public String strikeFrom(String said) {
        return text.isEmpty() ? said : said.replace(text, HIDDEN);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Secret secret && secret.text.equals(text);
    }

    @Override
    public int hashCode() {
        return text.hashCode();
    }

    @Override
    public String toString() {
        return HIDDEN;
    }
}
