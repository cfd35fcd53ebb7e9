package io.llamanode.delivery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.service.contract.task.TaskEvent;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class BacklogTest {
    private final Backlog backlog = new Backlog();

    private List<TaskEvent> drain() {
        List<TaskEvent> events = new ArrayList<>();
        while (!backlog.isEmpty()) {
            events.add(backlog.peek());
            backlog.remove();
        }
        return events;
    }

    @Test
    void joinsNeighboursOfOneKindAndCountsEachKind() {
        backlog.add(new TaskEvent.Reasoning("a", 0));
        backlog.add(new TaskEvent.Reasoning("b", 1));
        backlog.add(new TaskEvent.Chunk("c", 0));
        backlog.add(new TaskEvent.ToolCall(0, "x", "f", ""));
        backlog.add(new TaskEvent.ToolCall(0, "x", "f", "{"));
        backlog.add(new TaskEvent.ToolCall(0, "x", "f", "}"));
        backlog.add(new TaskEvent.ToolCall(1, "y", "g", ""));
        backlog.add(new TaskEvent.Chunk("d", 1));
        backlog.add(new TaskEvent.Chunk("e", 2));
        assertEquals(7, backlog.length());
        assertEquals(
                List.of(
                        new TaskEvent.Reasoning("ab", 0),
                        new TaskEvent.Chunk("c", 0),
                        new TaskEvent.ToolCall(0, "x", "f", "{}"),
                        new TaskEvent.ToolCall(1, "y", "g", ""),
                        new TaskEvent.Chunk("de", 1)),
                drain());
        assertEquals(0, backlog.length());
    }

    @Test
    void whatWasLookedAtStaysAsItIs() {
        backlog.add(new TaskEvent.Chunk("a", 0));
        TaskEvent seen = backlog.peek();
        backlog.add(new TaskEvent.Chunk("b", 1));
        assertEquals(seen, backlog.peek());
        assertEquals(List.of(new TaskEvent.Chunk("a", 0), new TaskEvent.Chunk("b", 1)), drain());
    }

    @Test
    void nothingIsLeftWhenItIsCleared() {
        backlog.add(new TaskEvent.Chunk("a", 0));
        backlog.add(new TaskEvent.Reasoning("b", 0));
        assertFalse(backlog.isEmpty());
        backlog.clear();
        assertTrue(backlog.isEmpty());
        assertEquals(0, backlog.length());
    }
}
