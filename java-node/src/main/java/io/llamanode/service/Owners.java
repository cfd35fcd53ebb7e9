package io.llamanode.service;

import io.llamanode.service.contract.Owner;
import io.llamanode.service.contract.OwnerMonitor;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Which sessions and tasks each remote process owns, with one watch a process. Guarded by the
 * service's lock.
 */
final class Owners {
    private static final class Entry {
        final Set<Object> things = new HashSet<>();
        /** {@code null} only until the monitor has it. */
        OwnerMonitor.@Nullable Watch watch;
    }

    private final Map<Owner, Entry> entries = new HashMap<>();
    private final OwnerMonitor monitor;
    private final Consumer<Owner> down;

    /**
     * @param monitor watches
     * @param down called when a process is gone; must not call back on the same thread
     */
    Owners(OwnerMonitor monitor, Consumer<Owner> down) {
        this.monitor = monitor;
        this.down = down;
    }

    void add(Owner owner, Object thing) {
        Entry entry = entries.get(owner);
        if (entry == null) {
            entry = new Entry();
            entries.put(owner, entry);
            entry.watch = monitor.watch(owner, () -> down.accept(owner));
        }
        entry.things.add(thing);
    }

    void remove(Owner owner, Object thing) {
        Entry entry = entries.get(owner);
        if (entry != null && entry.things.remove(thing) && entry.things.isEmpty()) {
            entries.remove(owner);
            Objects.requireNonNull(entry.watch).end();
        }
    }

    /** Forgets a process that is gone. {@return what it owned} */
    Set<Object> takeAll(Owner owner) {
        Entry entry = entries.remove(owner);
        return entry == null ? Set.of() : entry.things;
    }
}
