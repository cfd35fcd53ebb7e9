package io.llamanode.protocol.launch;

import java.util.Locale;

/** Severity of log records, from most to least talkative; docs/protocol.md, section 7. */
public enum LogLevel {
    /** Everything. */
    DEBUG,
    /** What an operator wants to see. */
    INFO,
    /** What may need a look. */
    WARNING,
    /** What went wrong. */
    ERROR,
    /** Nothing at all; only a threshold, no record has it. */
    NONE;

    private final String wireName = name().toLowerCase(Locale.ROOT);

    /** {@return the atom that stands for this level on the wire} */
    public String wireName() {
        return wireName;
    }
}
