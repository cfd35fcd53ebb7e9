package io.llamanode.transport.mailbox;

import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Messages that wait to be written to one peer. Large ones go out one at a time, those of different processes in turn, and
 * between two of them everything small that has come before: nobody waits for more than one large message of somebody else.
 * What goes to one process, or behind it, stays in order: small messages wait behind a large one of the same process.
 *
 * <p>For one thread at a time.
 *
 * @param <T> what a message is
 */
public final class Outbox<T> {
    private record Message<T>(T what, boolean large) {}

    private final ArrayDeque<T> small = new ArrayDeque<>();
    /** By process, each beginning with a large message; the first has the next turn. */
    private final LinkedHashMap<Object, ArrayDeque<Message<T>>> lines = new LinkedHashMap<>();
    /** Small messages that go before the next large one. */
    private int before;

    /** An empty one. */
    public Outbox() {}

    /**
     * Appends a message.
     *
     * @param what the message
     * @param process that gets it, or behind whose messages it belongs
     * @param large whether it is
     */
    public void add(T what, Object process, boolean large) {
        ArrayDeque<Message<T>> line = lines.isEmpty() ? null : lines.get(process);
        if (line == null && large) {
            if (lines.isEmpty()) {
                before = small.size();
            }
            line = new ArrayDeque<>();
            lines.put(process, line);
        }
        if (line == null) {
            small.add(what);
        } else {
            line.add(new Message<>(what, large));
        }
    }

    /** {@return the next message, which waits no longer; {@code null} if there is none} */
    public @Nullable T poll() {
        if (!small.isEmpty() && (before > 0 || lines.isEmpty())) {
            before--;
            return small.remove();
        }
        Map.Entry<Object, ArrayDeque<Message<T>>> first = lines.firstEntry();
        if (first == null) {
            return null;
        }
        ArrayDeque<Message<T>> line = first.getValue();
        Message<T> message = line.remove();
        Message<T> next = line.peek();
        if (next == null) {
            lines.remove(first.getKey());
            before = small.size();
        } else if (next.large()) {
            lines.putLast(first.getKey(), line);
            before = small.size();
        }
        return message.what();
    }

    /** {@return whether nothing waits} */
    public boolean isEmpty() {
        return small.isEmpty() && lines.isEmpty();
    }

    /** Forgets everything. */
    public void clear() {
        small.clear();
        lines.clear();
    }
}
