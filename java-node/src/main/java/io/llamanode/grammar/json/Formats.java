package io.llamanode.grammar.json;

import io.llamanode.grammar.regex.Regular;
import org.jspecify.annotations.Nullable;

/**
 * The formats of strings that JSON schema names.
 *
 * <p>Never changes but for what it has computed: for any thread.
 */
public final class Formats {
    private Formats() {}

    /**
     * Finds a format.
     *
     * @param name as in {@code format}
     * @return the values that keep to it; {@code null} if the name is not known, or the format is not regular
     */
    public static @Nullable Regular of(String name) {
        throw new UnsupportedOperationException("comes with the next step");
    }
}
