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
        backlog.add(new TaskEvent.Reasoning("a"));
        backlog.add(new TaskEvent.Reasoning("b"));
        backlog.add(new TaskEvent.Chunk("c"));
        backlog.add(new TaskEvent.ToolCall(0, "x", "f", ""));
        backlog.add(new TaskEvent.ToolCall(0, "x", "f", "{"));
        backlog.add(new TaskEvent.ToolCall(0, "x", "f", "}"));
        backlog.add(new TaskEvent.ToolCall(1, "y", "g", ""));
        backlog.add(new TaskEvent.Chunk("d"));
        backlog.add(new TaskEvent.Chunk("e"));
        assertEquals(7, backlog.length());
        assertEquals(
                List.of(
                        new TaskEvent.Reasoning("ab"),
                        new TaskEvent.Chunk("c"),
                        new TaskEvent.ToolCall(0, "x", "f", "{}"),
                        new TaskEvent.ToolCall(1, "y", "g", ""),
                        new TaskEvent.Chunk("de")),
                drain());
        assertEquals(0, backlog.length());
    }

    @Test
    void whatWasLookedAtStaysAsItIs() {
        backlog.add(new TaskEvent.Chunk("a"));
        TaskEvent seen = backlog.peek();
        backlog.add(new TaskEvent.Chunk("b"));
        assertEquals(seen, backlog.peek());
        assertEquals(List.of(new TaskEvent.Chunk("a"), new TaskEvent.Chunk("b")), drain());
    }

    @Test
    void tellsHowMuchComesToWait() {
        assertEquals(3, backlog.add(new TaskEvent.Chunk("abc")));
        assertEquals(2, backlog.add(new TaskEvent.Chunk("de")));
        assertEquals(0, backlog.add(new TaskEvent.ToolCall(0, "x", "f", "")));
        assertEquals(5, backlog.length());
    }

    @Test
    void whatWasClearedIsInNoLaterPart() {
        backlog.add(new TaskEvent.Chunk("a"));
        backlog.add(new TaskEvent.Chunk("b"));
        backlog.clear();
        backlog.add(new TaskEvent.Chunk("c"));
        backlog.add(new TaskEvent.Chunk("d"));
        assertEquals(List.of(new TaskEvent.Chunk("cd")), drain());
    }

    @Test
    void nothingIsLeftWhenItIsCleared() {
        backlog.add(new TaskEvent.Chunk("a"));
        backlog.add(new TaskEvent.Reasoning("b"));
        assertFalse(backlog.isEmpty());
        backlog.clear();
        assertTrue(backlog.isEmpty());
        assertEquals(0, backlog.length());
    }
}
