package io.llamanode.service;

import io.llamanode.engine.model.Adapter;
import io.llamanode.engine.model.AdapterSet;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.model.AdapterInfo;
import io.llamanode.service.contract.task.AdapterScale;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The adapters of one model, and how many tasks use each. Guarded by the service's lock. */
final class LoadedAdapters {
    private static final class Entry {
        final String path;
        final Adapter adapter;
        int tasks;

        Entry(String path, Adapter adapter) {
            this.path = path;
            this.adapter = adapter;
        }
    }

    private final String model;
    private final Map<String, Entry> entries = new LinkedHashMap<>();

    /** @param model id */
    LoadedAdapters(String model) {
        this.model = model;
    }

    /** @throws FailureException {@code invalid_argument} if the id is taken */
    void refuseTaken(String id) {
        if (entries.containsKey(id)) {
            throw FailureException.invalid("id: an adapter named '%s' is loaded already".formatted(id));
        }
    }

    void add(String id, String path, Adapter adapter) {
        refuseTaken(id);
        entries.put(id, new Entry(path, adapter));
    }

    /**
     * @return the adapter, which no request can ask for any more
     * @throws FailureException {@code invalid_argument} if there is none, {@code server_busy} while tasks use it
     */
    Adapter remove(String id) {
        Entry entry = find("id", id);
        if (entry.tasks > 0) {
            throw FailureException.busy("%d tasks use the adapter '%s'".formatted(entry.tasks, id));
        }
        entries.remove(id);
        return entry.adapter;
    }

    private Entry find(String key, String id) {
        Entry entry = entries.get(id);
        if (entry == null) {
            throw FailureException.invalid(
                    "%s: model '%s' has no adapter '%s'; loaded are %s".formatted(key, model, id, entries.keySet()));
        }
        return entry;
    }

    /**
     * @param wanted by a request; those of scale 0 count for nothing
     * @return the set, the same for the same adapters in any order
     * @throws FailureException {@code invalid_argument} if one is not loaded
     */
    AdapterSet set(List<AdapterScale> wanted) {
        if (wanted.isEmpty()) {
            return AdapterSet.NONE;
        }
        List<AdapterScale> ordered = new ArrayList<>(wanted);
        ordered.sort(Comparator.comparing(AdapterScale::id));
        List<AdapterSet.Use> uses = new ArrayList<>();
        for (AdapterScale scale : ordered) {
            Entry entry = find("lora", scale.id());
            if (scale.scale() != 0) {
                uses.add(new AdapterSet.Use(entry.adapter, scale.scale()));
            }
        }
        return new AdapterSet(uses);
    }

    /** Counts a task in or out. */
    void count(AdapterSet set, int change) {
        for (AdapterSet.Use use : set.uses()) {
            for (Entry entry : entries.values()) {
                if (entry.adapter == use.adapter()) {
                    entry.tasks += change;
                }
            }
        }
    }

    List<AdapterInfo> list() {
        List<AdapterInfo> list = new ArrayList<>();
        entries.forEach((id, entry) -> list.add(new AdapterInfo(id, model, entry.path, entry.tasks)));
        return list;
    }

    /** {@return all adapters, which are forgotten} */
    List<Adapter> removeAll() {
        List<Adapter> all =
                entries.values().stream().map(entry -> entry.adapter).toList();
        entries.clear();
        return all;
    }
}
