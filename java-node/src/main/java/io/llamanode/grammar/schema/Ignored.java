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
    private final boolean lenient;
    private final Map<String, SchemaException> all = new LinkedHashMap<>();

    Ignored(boolean lenient) {
        this.lenient = lenient;
    }

    /** Goes on without what can not be honoured, or does not. */
    void add(SchemaException what) {
        if (!lenient || what.keyword().isEmpty() || what.keyword().equals("$ref")) {
            throw what;
        }
        all.putIfAbsent(what.pointer() + " " + what.keyword(), what);
    }

    List<SchemaException> all() {
        return List.copyOf(all.values());
    }
}
