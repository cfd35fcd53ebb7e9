package io.llamanode.transport.bridge;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.task.TaskEvent;
import io.llamanode.transport.Interleavings;
import io.llamanode.transport.bridge.TokenQueue.Item;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class TokenQueueTest {
    private static final TaskEvent.Failed END = new TaskEvent.Failed(new Failure(ErrorCode.CANCELLED, "over"));

    private final List<Long> overflows = new ArrayList<>();
    private boolean wanted = true;
    private final TokenQueue queue = new TokenQueue(4, overflows::add, () -> wanted);

    private void tell(String content) {
        queue.accept(7, new TaskEvent.Chunk(content));
    }

    private static Item token(String text) {
        return new Item.Token(text);
    }

    @Test
    void givesTextInOrderAndThenTheEnd() throws Exception {
        tell("a");
        queue.accept(7, new TaskEvent.Reasoning("not for a line"));
        queue.accept(7, new TaskEvent.ToolCall(0, "id", "name", "{}"));
        tell("b");
        queue.accept(7, END);
        assertEquals(token("a"), queue.next());
        assertEquals(token("b"), queue.next());
        assertEquals(new Item.End(END, false), queue.next());
    }

    @Test
    void aTokenThatNobodyWantsWakesNobody() throws Exception {
        wanted = false;
        tell("a");
        wanted = true;
        tell("b");
        queue.accept(7, END);
        assertEquals(token("b"), queue.next());
        assertEquals(new Item.End(END, false), queue.next());
    }

    /** The last one may exceed the limit. What comes behind a gap would not belong to what comes before it. */
    @Test
    void whatDoesNotFitIsDroppedAndToldOnce() throws Exception {
        tell("1234");
        tell("567");
        tell("lost");
        assertEquals(List.of(7L), overflows);
        assertEquals(token("1234"), queue.next());
        assertEquals(token("567"), queue.next());
        tell("lost as well");
        queue.accept(7, END);
        assertEquals(List.of(7L), overflows);
        assertEquals(new Item.End(END, true), queue.next());
    }

    @Test
    void whatWasTakenMakesRoom() throws Exception {
        for (int i = 0; i < 10; i++) {
            tell("12345");
            assertEquals(token("12345"), queue.next());
        }
        assertEquals(List.of(), overflows);
    }

    @Test
    void whoWaitsGetsWhateverComesFirst() throws Exception {
        assertEquals(token("a"), whileWaiting(() -> tell("a")));
        assertEquals(new Item.End(END, false), whileWaiting(() -> queue.refused(END.failure())));
    }

    @Test
    void theIdComesFirst() throws Exception {
        assertEquals(new Item.Begun(7), whileWaiting(() -> queue.begun(7)));
        tell("a");
        assertEquals(token("a"), queue.next());
    }

    @Test
    void aCancelDropsWhatWaitsAndWhatComes() throws Exception {
        tell("a");
        queue.cancelled();
        tell("b");
        queue.accept(7, END);
        assertEquals(new Item.End(END, false), queue.next());
        assertEquals(List.of(), overflows);
    }

    /** Its client has not heard of the end yet, and is told what it asked for. */
    @Test
    void aTaskThatHasEndedIsCancelledAsLongAsTextWaits() throws Exception {
        tell("a");
        queue.accept(7, new TaskEvent.Done(null, 0));
        queue.cancelled();
        Failure cancelled = new Failure(ErrorCode.CANCELLED, "the task was cancelled");
        assertEquals(new Item.End(new TaskEvent.Failed(cancelled), false), queue.next());
    }

    private Object whileWaiting(Runnable action) throws InterruptedException {
        BlockingQueue<Object> got = new LinkedBlockingQueue<>();
        Thread thread = Thread.ofPlatform().daemon().start(() -> {
            try {
                got.add(queue.next());
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        Interleavings.settle(thread);
        action.run();
        return got.take();
    }
}
