package io.llamanode.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.engine.model.ModelRunner.RunnerException;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.NodeStatus;
import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.GenerationResult;
import io.llamanode.service.contract.task.SessionConfig;
import io.llamanode.service.contract.task.TaskEvent;
import io.llamanode.service.contract.task.TaskInput;
import io.llamanode.service.contract.task.TaskSink;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;

/**
 * Random calls of several owners, some of whom die, while decodes fail: every task ends once, every call of a living
 * owner is answered once, and nothing is left of either.
 */
class TaskLifeTest extends ServiceFixture {
    private static final int CALLS = 80;

    private Random random;
    private int born;
    private final List<Process> living = new ArrayList<>();
    private final List<Process> dead = new ArrayList<>();
    private final List<Long> sessions = new ArrayList<>();
    private final List<Asked> asked = new ArrayList<>();
    private final List<Stream> streams = new ArrayList<>();

    /** A call and who made it. */
    private record Asked(Process owner, Answer<?> answer, boolean dropsWithOwner) {}

    /** A stream's id and what its process was told. */
    private record Stream(Answer<Long> created, List<TaskEvent> told) {}

    @RepeatedTest(150)
    void everyTaskEndsOnceAndNothingIsLeft(RepetitionInfo repetition) throws InterruptedException {
        random = new Random(repetition.getCurrentRepetition());
        for (int i = 0; i < 3; i++) {
            living.add(new Process("p" + born++));
        }
        for (int i = 0; i < CALLS; i++) {
            call();
        }
        finish();
    }

    private void call() {
        switch (random.nextInt(12)) {
            case 0, 1 -> open();
            case 2, 3 -> create();
            case 4, 5 -> stream();
            case 6 -> run();
            case 7, 8 -> collect();
            case 9 -> cancel();
            case 10 -> closeOne();
            default -> mishap();
        }
    }

    private Process owner() {
        return living.get(random.nextInt(living.size()));
    }

    private TaskInput input() {
        Long timeout = random.nextInt(8) == 0 ? (long) 1 + random.nextInt(5) : null;
        GenerationOptions options = options(random.nextInt(4) == 0 ? 1_000_000_000 : 1 + random.nextInt(40), timeout);
        return random.nextBoolean() ? turn("q" + random.nextInt(5), options) : completion("c", options);
    }

    private void open() {
        try {
            sessions.add(service.sessions().create(owner(), new SessionConfig(null, null, GenerationOptions.NONE)));
        } catch (FailureException e) {
            assertEquals(ErrorCode.SERVER_BUSY, e.failure().code());
        }
    }

    private Long someSession() {
        return sessions.isEmpty() ? null : sessions.get(random.nextInt(sessions.size()));
    }

    private void create() {
        Long session = someSession();
        if (session != null) {
            Process owner = owner();
            Answer<Long> created = new Answer<>();
            asked.add(new Asked(owner, created, false));
            answered(created, () -> service.createTask(owner, session, input(), created));
        }
    }

    private void stream() {
        Long session = someSession();
        if (session != null) {
            Process owner = owner();
            Stream stream = new Stream(new Answer<>(), new ArrayList<>());
            TaskSink sink = (task, event) -> {
                synchronized (stream) {
                    stream.told().add(event);
                }
            };
            streams.add(stream);
            asked.add(new Asked(owner, stream.created(), false));
            answered(stream.created(), () -> service.stream(owner, owner(), sink, session, input(), stream.created()));
        }
    }

    private void run() {
        Process owner = owner();
        Answer<GenerationResult> result = new Answer<>();
        asked.add(new Asked(owner, result, true));
        answered(result, () -> service.run(owner, input(), generated(result)));
    }

    /** What a service refuses at once it may throw, as it does to those who decode requests. */
    private static void answered(Answer<?> answer, Runnable call) {
        try {
            call.run();
        } catch (FailureException e) {
            answer.failed(e.failure());
        }
    }

    private Long someTask() {
        List<Long> known = new ArrayList<>();
        for (Asked one : asked) {
            if (one.answer().given() && one.answer().isOk() && one.answer().value() instanceof Long id) {
                known.add(id);
            }
        }
        return known.isEmpty() ? null : known.get(random.nextInt(known.size()));
    }

    private void collect() {
        Long task = someTask();
        if (task != null) {
            Process owner = owner();
            Answer<GenerationResult> result = new Answer<>();
            asked.add(new Asked(owner, result, true));
            long timeout = List.of(0L, 3L, -1L).get(random.nextInt(3));
            service.getResult(owner, task, timeout, generated(result));
        }
    }

    private void cancel() {
        Long task = someTask();
        if (task != null) {
            Answer<Void> cancelled = cancel(task);
            asked.add(new Asked(me, cancelled, false));
        }
    }

    private void closeOne() {
        if (!sessions.isEmpty()) {
            Answer<Void> closed = new Answer<>();
            asked.add(new Asked(me, closed, false));
            service.sessions().close(sessions.remove(random.nextInt(sessions.size())), closed);
        }
    }

    private void mishap() {
        if (random.nextInt(3) == 0) {
            model.model.failure = new RunnerException("as the test wants", null);
        } else if (living.size() > 1) {
            Process gone = living.remove(random.nextInt(living.size()));
            dead.add(gone);
            living.add(new Process("p" + born++));
            Runnable down = watched.remove(gone);
            if (down != null) {
                down.run();
            }
        }
    }

    private void finish() throws InterruptedException {
        for (long session : sessions) {
            Answer<Void> closed = new Answer<>();
            asked.add(new Asked(me, closed, false));
            service.sessions().close(session, closed);
        }
        for (Process owner : List.copyOf(living)) {
            Runnable down = watched.remove(owner);
            living.remove(owner);
            dead.add(owner);
            if (down != null) {
                down.run();
            }
        }
        CountDownLatch drained = new CountDownLatch(1);
        service.drain(drained::countDown);
        assertTrue(drained.await(30, TimeUnit.SECONDS), "tasks are left");
        for (Asked one : asked) {
            if (!one.dropsWithOwner()) {
                one.answer().await();
            }
        }
        for (Stream stream : streams) {
            synchronized (stream) {
                long terminal =
                        stream.told().stream().filter(TaskEvent::isTerminal).count();
                assertEquals(stream.created().isOk() ? 1 : 0, terminal, () -> "ends of a stream: " + stream.told());
                assertTrue(
                        stream.told().isEmpty() || stream.told().getLast().isTerminal(), "something follows the end");
            }
        }
        NodeStatus status = service.status();
        assertEquals(0, status.sessions(), "sessions");
        NodeStatus.Counters counters = status.counters();
        assertEquals(
                counters.tasksCreated(),
                counters.tasksDone() + counters.tasksFailed() + counters.tasksCancelled(),
                "tasks whose end was counted");
        Map<Object, Object> left = new ConcurrentHashMap<>(watched);
        assertEquals(Map.of(), left, "owners that are watched");
    }
}
