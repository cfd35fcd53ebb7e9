package io.llamanode.service.contract;

import java.util.Locale;

/**
 * With whom a task shares what the KV cache holds of beginnings that prompts have in common; from least to most.
 *
 * <p>Never changes: for any thread.
 */
public enum PrefixSharing {
    /** With tasks of its session alone. */
    NONE,
    /** With tasks of its process. */
    OWNER,
    /** With all tasks of its model. */
    NODE;

    /** {@return as requests write it} */
    public String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }
}
