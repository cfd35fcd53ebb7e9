package io.llamanode.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.NodeStatus;
import io.llamanode.service.contract.model.ModelConfig;
import io.llamanode.service.contract.task.GenerationResult;
import io.llamanode.service.contract.task.TaskEvent;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** How work ends that nobody cancelled: draining, and unloading its model. */
class DrainTest extends ServiceFixture {
    private static final ModelConfig AGAIN = ModelConfig.of(Path.of("fake.gguf"));

    @Test
    void drainingRefusesNewWorkAndWaitsForTheRest() throws Exception {
        long session = session();
        long running = create(session, turn("one", ENDLESS)).value();
        long behind = create(session, turn("two", options(1, null))).value();
        CountDownLatch drained = new CountDownLatch(1);
        service.drain(drained::countDown);
        assertEquals(NodeStatus.State.DRAINING, service.status().state());
        assertTrue(create(session, turn("three", GREEDY)).failedWith(ErrorCode.SERVER_BUSY));
        Answer<GenerationResult> run = new Answer<>();
        FailureException refused = org.junit.jupiter.api.Assertions.assertThrows(
                FailureException.class, () -> service.run(me, turn("four", GREEDY), generated(run)));
        assertEquals(ErrorCode.SERVER_BUSY, refused.failure().code());
        Answer<Void> load = new Answer<>();
        service.loadModel(null, AGAIN, fraction -> {}, load);
        assertTrue(load.failedWith(ErrorCode.SERVER_BUSY));
        assertEquals(1, drained.getCount());
        cancel(running).value();
        assertEquals(1, result(behind, -1).value().content().length());
        assertTrue(drained.await(30, TimeUnit.SECONDS));
        service.ready();
        assertEquals(NodeStatus.State.DRAINING, service.status().state());
    }

    @Test
    void drainingAnIdleNodeIsDoneAtOnce() {
        CountDownLatch drained = new CountDownLatch(1);
        service.drain(drained::countDown);
        assertEquals(0, drained.getCount());
    }

    @Test
    void unloadingCancelsTasksClosesSessionsAndFreesTheName() throws Exception {
        long session = session();
        long running = stream(session, completion("one", ENDLESS));
        Answer<Long> created = new Answer<>();
        service.runStream(me, completion("two", ENDLESS), (task, event) -> events.add(new Event(task, event)), created);
        long alone = created.value();
        Answer<Void> unloaded = new Answer<>();
        service.unloadModel("fake", unloaded);
        unloaded.value();
        assertEquals(ErrorCode.CANCELLED, terminal(running).code());
        assertEquals(ErrorCode.CANCELLED, terminal(alone).code());
        assertTrue(create(session, completion("x", GREEDY)).failedWith(ErrorCode.SESSION_NOT_FOUND));
        Answer<Void> again = new Answer<>();
        service.unloadModel("fake", again);
        assertEquals(ErrorCode.UNSUPPORTED, again.error());
        assertEquals(0, service.status().models().size());
        assertTrue(watched.isEmpty());
    }

    private Failure terminal(long task) {
        return events.stream()
                .filter(event -> event.task() == task && event.event() instanceof TaskEvent.Failed)
                .map(event ->
                        assertInstanceOf(TaskEvent.Failed.class, event.event()).failure())
                .findFirst()
                .orElseThrow();
    }
}
