package io.llamanode.delivery;

import io.llamanode.service.contract.task.TaskEvent;
import java.util.ArrayDeque;
import java.util.Deque;

/** The parts of an answer that wait for their process. Neighbours of one kind become one event. */
final class Backlog {
    /** Parts behind which one of another kind came. */
    private final Deque<TaskEvent> closed = new ArrayDeque<>();
    /** The first event of the last part, {@code null} if there is none; its text so far is {@code text}. */
    private TaskEvent open;

    private final StringBuilder text = new StringBuilder();
    private int length;
    private int chunks;
    private int reasonings;

    /** Takes an event that is not terminal. {@return characters of its text} */
    int add(TaskEvent event) {
        if (open != null && !joins(event)) {
            closed.add(joined());
        }
        if (open == null) {
            open = event;
        }
        String more = text(event);
        text.append(more);
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
            closed.add(joined());
        }
        return closed.peek();
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

    private boolean joins(TaskEvent event) {
        return open.getClass() == event.getClass()
                && (!(open instanceof TaskEvent.ToolCall call) || call.index() == ((TaskEvent.ToolCall) event).index());
    }

    private TaskEvent joined() {
        String whole = text.toString();
        TaskEvent event = switch (open) {
            case TaskEvent.Chunk chunk -> new TaskEvent.Chunk(whole, chunks++);
            case TaskEvent.Reasoning reasoning -> new TaskEvent.Reasoning(whole, reasonings++);
            case TaskEvent.ToolCall(int index, String id, String name, String delta) ->
                new TaskEvent.ToolCall(index, id, name, whole);
            case TaskEvent.Done done -> throw new IllegalStateException("terminal");
            case TaskEvent.Failed failed -> throw new IllegalStateException("terminal");
        };
        open = null;
        clearText();
        return event;
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
            case TaskEvent.Chunk(String content, int index) -> content;
            case TaskEvent.Reasoning(String content, int index) -> content;
            case TaskEvent.ToolCall(int index, String id, String name, String delta) -> delta;
            case TaskEvent.Done done -> throw new IllegalStateException("terminal");
            case TaskEvent.Failed failed -> throw new IllegalStateException("terminal");
        };
    }
}
