package io.llamanode.delivery;

import io.llamanode.service.contract.task.TaskEvent;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The parts of an answer that wait for their process. Neighbours of one kind become one event. */
final class Backlog {
    /** Parts behind which one of another kind came. */
    private final Deque<TaskEvent> closed = new ArrayDeque<>();
    /** The first event of the last part, {@code null} if there is none. */
    private @Nullable TaskEvent open;

    /** The text of the last part, once a second event has joined it: what is sent as it came is never copied. */
    private final StringBuilder text = new StringBuilder();

    private int length;

    /** Takes an event that is not terminal. {@return characters of its text} */
    int add(TaskEvent event) {
        if (open != null && !joins(open, event)) {
            closed.add(joined(open));
        }
        String more = text(event);
        if (open == null) {
            open = event;
        } else {
            if (text.isEmpty()) {
                text.append(text(open));
            }
            text.append(more);
        }
        length += more.length();
        return more.length();
    }

    boolean isEmpty() {
        return open == null && closed.isEmpty();
    }

    /** {@return characters of all texts} */
    int length() {
        return length;
    }

    /** {@return the next event, not to be sent before {@link #remove}} */
    TaskEvent peek() {
        if (closed.isEmpty()) {
            closed.add(joined(Objects.requireNonNull(open)));
        }
        return closed.getFirst();
    }

    void remove() {
        length -= text(closed.remove()).length();
    }

    void clear() {
        closed.clear();
        open = null;
        clearText();
        length = 0;
    }

    private static boolean joins(TaskEvent open, TaskEvent event) {
        return open.getClass() == event.getClass()
                && (!(open instanceof TaskEvent.ToolCall call) || call.index() == ((TaskEvent.ToolCall) event).index());
    }

    /** Closes the part that is open. */
    private TaskEvent joined(TaskEvent part) {
        TaskEvent event = text.isEmpty() ? part : withText(part, text.toString());
        open = null;
        clearText();
        return event;
    }

    private static TaskEvent withText(TaskEvent event, String whole) {
        return switch (event) {
            case TaskEvent.Chunk _ -> new TaskEvent.Chunk(whole);
            case TaskEvent.Reasoning _ -> new TaskEvent.Reasoning(whole);
            case TaskEvent.ToolCall(int index, String id, String name, String _) ->
                new TaskEvent.ToolCall(index, id, name, whole);
            case TaskEvent.Done _, TaskEvent.Failed _ -> throw new IllegalStateException("terminal");
        };
    }

    private void clearText() {
        text.setLength(0);
        if (text.capacity() > Streams.KEPT_CAPACITY) {
            text.trimToSize();
        }
    }

    /** {@return the text of an event that is not terminal} */
    static String text(TaskEvent event) {
        return switch (event) {
            case TaskEvent.Chunk(String content) -> content;
            case TaskEvent.Reasoning(String content) -> content;
            case TaskEvent.ToolCall(int index, String id, String name, String delta) -> delta;
            case TaskEvent.Done done -> throw new IllegalStateException("terminal");
            case TaskEvent.Failed failed -> throw new IllegalStateException("terminal");
        };
    }
}
