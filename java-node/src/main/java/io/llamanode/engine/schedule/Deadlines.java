package io.llamanode.engine.schedule;

import io.llamanode.engine.contract.GenerationRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

/** The requests that have a deadline, by when it passes: asking which has passed costs nothing for the others. For one thread. */
public final class Deadlines {
    private record Entry(long deadline, long id) {}

    /** Differences, as times of {@link System#nanoTime()} may run over. */
    private final TreeSet<Entry> entries = new TreeSet<>((one, other) -> {
        int order = Long.signum(one.deadline - other.deadline);
        return order != 0 ? order : Long.compare(one.id, other.id);
    });

    /** None yet. */
    public Deadlines() {}

    /**
     * Adds a request.
     *
     * @param id of it
     * @param deadline {@link System#nanoTime()} when it passes, or {@link GenerationRequest#NO_DEADLINE}
     */
    public void add(long id, long deadline) {
        if (deadline != GenerationRequest.NO_DEADLINE) {
            entries.add(new Entry(deadline, id));
        }
    }

    /**
     * Forgets a request; one that is not there is ignored.
     *
     * @param id of it
     * @param deadline as it was added
     */
    public void remove(long id, long deadline) {
        if (deadline != GenerationRequest.NO_DEADLINE) {
            entries.remove(new Entry(deadline, id));
        }
    }

    /** Forgets all. */
    public void clear() {
        entries.clear();
    }

    /**
     * Tells whose deadline has passed; they are not forgotten by that.
     *
     * @param now {@link System#nanoTime()}
     * @return their ids, the earliest deadline first
     */
    public List<Long> passed(long now) {
        List<Long> ids = new ArrayList<>();
        for (Entry entry : entries) {
            if (now - entry.deadline < 0) {
                break;
            }
            ids.add(entry.id);
        }
        return ids;
    }
}
