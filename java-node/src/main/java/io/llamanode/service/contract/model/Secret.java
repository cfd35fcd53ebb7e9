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
    /** Follows what is left of a text that was too long to be shown. */
    private static final String CUT = "...";
    /** Characters; fewer may stand there by chance, and tell next to nothing. */
    private static final int SHORTEST = 3;

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
        return text.isEmpty() ? said : strikeBeginnings(said.replace(text, HIDDEN));
    }

    /** Where a text was cut, the beginning of the secret may be left. */
    private String strikeBeginnings(String said) {
        int cut = said.indexOf(CUT);
        if (cut < 0) {
            return said;
        }
        StringBuilder clean = new StringBuilder();
        int from = 0;
        for (; cut >= 0; cut = said.indexOf(CUT, from)) {
            int end = cut;
            for (int length = Math.min(text.length() - 1, cut - from); length >= SHORTEST; length--) {
                if (said.startsWith(text.substring(0, length), cut - length)) {
                    end = cut - length;
                    break;
                }
            }
            clean.append(said, from, end).append(end < cut ? HIDDEN : "").append(CUT);
            from = cut + CUT.length();
        }
        return clean.append(said, from, said.length()).toString();
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
