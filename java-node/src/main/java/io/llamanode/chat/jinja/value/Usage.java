package io.llamanode.chat.jinja.value;

import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.Set;

/** Which of the input values a rendering touched; capability probes are made of it. */
public final class Usage {
    private final IdentityHashMap<Value, String> paths = new IdentityHashMap<>();
    private final Set<String> used = new HashSet<>();
    private final Set<String> iterated = new HashSet<>();

    public void name(Value value, String path) {
        if (value instanceof Str || value instanceof Value.Seq || value instanceof Value.Dict) {
            paths.put(value, path);
        }
    }

    public void used(Value value) {
        String path = paths.get(value);
        if (path != null) {
            used.add(path);
        }
    }

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

    public void iterated(Value value) {
        used(value);
        String path = paths.get(value);
        if (path != null) {
            iterated.add(path);
        }
    }

    public Set<String> used() {
        return Set.copyOf(used);
    }

    public Set<String> iterated() {
        return Set.copyOf(iterated);
    }
}
