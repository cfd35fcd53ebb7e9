package io.llamanode.chat.jinja.value;

import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.Set;

/** Which of the input values a rendering touched; capability probes are made of it. */
public final class Usage {
    private final IdentityHashMap<Value, String> paths = new IdentityHashMap<>();
    private final Set<String> used = new HashSet<>();
    private final Set<String> iterated = new HashSet<>();

    /** Nothing was touched yet. */
    public Usage() {}

    /**
     * Notes where in the input a value stands.
     *
     * @param value of the input; only strings, sequences and dictionaries are noted
     * @param path such as {@code messages[0].content}
     */
    public void name(Value value, String path) {
        if (value instanceof Str || value instanceof Value.Seq || value instanceof Value.Dict) {
            paths.put(value, path);
        }
    }

    /**
     * Notes that a value was read.
     *
     * @param value any
     */
    public void used(Value value) {
        String path = paths.get(value);
        if (path != null) {
            used.add(path);
        }
    }

    /**
     * Notes that a value was read with all it holds.
     *
     * @param value any
     */
    public void usedDeep(Value value) {
        if (!paths.containsKey(value)) {
            return;
        }
        used(value);
        switch (value) {
            case Value.Seq seq -> seq.items.forEach(this::usedDeep);
            case Value.Dict dict -> dict.entries.values().forEach(this::usedDeep);
            default -> {}
        }
    }

    /**
     * Notes that a value was looped over or indexed by number.
     *
     * @param value any
     */
    public void iterated(Value value) {
        used(value);
        String path = paths.get(value);
        if (path != null) {
            iterated.add(path);
        }
    }

    /** {@return paths of the values that were read, such as {@code messages[0].content}} */
    public Set<String> used() {
        return Set.copyOf(used);
    }

    /** {@return paths of those that were looped over or indexed by number} */
    public Set<String> iterated() {
        return Set.copyOf(iterated);
    }
}
