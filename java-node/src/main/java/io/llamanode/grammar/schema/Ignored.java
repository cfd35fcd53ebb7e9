package io.llamanode.grammar.schema;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Keeps account of what is not honoured, if that is allowed.
 *
 * <p>For one thread.
 */
final class Ignored {
    /** Of the messages together, in characters: pointers can be long, and keywords many. */
    private static final int MOST = 1 << 20;

    /** What is allowed. */
    enum Leniency {
        /** Nothing. */
        NONE,
        /** What an answer can do without. A reference that leads nowhere is a mistake. */
        KEYWORDS,
        /** Whatever has a place, since all of it is to be told. */
        ALL
    }

    private final Leniency leniency;
    private final Map<String, SchemaException> all = new LinkedHashMap<>();
    private int size;

    Ignored(Leniency leniency) {
        this.leniency = leniency;
    }

    /** Goes on without what can not be honoured, or does not. */
    void add(SchemaException what) {
        if (leniency == Leniency.NONE
                || what.keyword().isEmpty()
                || leniency == Leniency.KEYWORDS && !what.canBeIgnored()) {
            throw what;
        }
        String message = String.valueOf(what.getMessage());
        if (size <= MOST && all.putIfAbsent(what.pointer() + " " + what.keyword(), what) == null) {
            size += message.length();
        }
    }

    List<SchemaException> all() {
        return List.copyOf(all.values());
    }
}
