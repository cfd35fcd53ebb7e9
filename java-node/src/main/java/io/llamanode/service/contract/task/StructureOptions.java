package io.llamanode.service.contract.task;

import org.jspecify.annotations.Nullable;

/**
 * How an answer keeps to its format and is handed over, as far as the caller said; {@code null} means "not given".
 *
 * <p>Never changes: for any thread.
 *
 * @param whitespace characters between the tokens of JSON at most; -1: any number
 * @param lenient whether what a schema asks for and can not be honoured is left out
 * @param parse whether the answer is read as JSON for the caller
 */
public record StructureOptions(
        @Nullable Integer whitespace,
        @Nullable Boolean lenient,
        @Nullable Boolean parse) {
    /** Any number of characters of white space. */
    public static final int ANY_WHITESPACE = -1;

    /** Nothing given. */
    public static final StructureOptions NONE = new StructureOptions(null, null, null);

    /**
     * Fills in what these options leave open.
     *
     * @param base what holds where this does not say
     * @return these options completed by {@code base}
     */
    public StructureOptions orElse(StructureOptions base) {
        return new StructureOptions(
                whitespace != null ? whitespace : base.whitespace,
                lenient != null ? lenient : base.lenient,
                parse != null ? parse : base.parse);
    }
}
