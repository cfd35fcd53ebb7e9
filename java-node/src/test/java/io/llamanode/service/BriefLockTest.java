package io.llamanode.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.account.MemoryAccount;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Given;
import io.llamanode.service.contract.task.Prompt;
import io.llamanode.service.contract.task.SessionConfig;
import io.llamanode.service.contract.task.TaskEvent;
import io.llamanode.service.contract.task.TaskInput;
import io.llamanode.service.threads.InTurns;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What takes as long as an input, a result or a list is long is not done while others wait for the service's lock. */
@Timeout(60)
class BriefLockTest extends ServiceFixture {
    private static final int CHATS = 300;

    private volatile boolean lookedAtUnderTheLock;

    @Override
    int maxQueue() {
        return 1000;
    }

    @Override
    int maxTasks() {
        return 1000;
    }

    @Override
    MemoryAccount account() {
        return new MemoryAccount(8 << 20, 1);
    }

    /** Equal texts, which notice who looks at them. */
    private List<Prompt> texts(int count, String text) {
        Prompt one = new Prompt.Text(text);
        return new AbstractList<>() {
            @Override
            public Prompt get(int index) {
                lookedAtUnderTheLock |= service.isDecidedHere();
                return one;
            }

            @Override
            public int size() {
                return count;
            }
        };
    }

    private static TaskInput embedding(List<Prompt> texts) {
        return new TaskInput.Embedding(
                null, false, texts, false, true, null, null, TaskInput.Encoding.values()[0], null);
    }

    @Test
    void anInputIsLookedAtWithoutTheLock() {
        long session = session();
        Answer<Long> tooMany = create(session, embedding(texts(500_000, "a")));
        assertTrue(tooMany.failedWith(ErrorCode.OUT_OF_MEMORY), tooMany::message);
        assertTrue(tooMany.message().startsWith("input: "), tooMany::message);
        Answer<Long> tooLong = create(session, embedding(texts(10, "a".repeat(100_000))));
        assertTrue(tooLong.message().startsWith("input[0]: "), tooLong::message);
        assertTrue(
                create(session, embedding(texts(10, "a"))).failedWith(ErrorCode.UNSUPPORTED), "there are no vectors");
        assertFalse(lookedAtUnderTheLock);
    }

    @Test
    void theTasksOfASessionAreEndedSomeAtATime() throws InterruptedException {
        long session = session();
        BlockingQueue<String> tellers = new LinkedBlockingQueue<>();
        for (int i = 0; i < CHATS; i++) {
            Answer<Long> created = new Answer<>();
            service.stream(
                    me,
                    me,
                    (task, event) -> {
                        if (event instanceof TaskEvent.Failed) {
                            tellers.add(Thread.currentThread().getName());
                        }
                    },
                    session,
                    turn("a", ENDLESS),
                    created);
            created.value();
        }
        Answer<Void> closed = new Answer<>();
        service.sessions().close(session, closed);
        closed.value();
        Map<String, Integer> told = new ConcurrentHashMap<>();
        for (int i = 0; i < CHATS; i++) {
            told.merge(tellers.poll(30, TimeUnit.SECONDS), 1, Integer::sum);
        }
        assertEquals(InTurns.AT_ONCE, told.get(Thread.currentThread().getName()), told::toString);
        assertEquals(CHATS - InTurns.AT_ONCE - 1, told.get("timer"), told::toString);
        assertEquals(0, service.account().held());
    }

    /** {@return the thread that told the end of a task with so many tokens} */
    private String teller(int tokens) throws InterruptedException {
        BlockingQueue<String> tellers = new LinkedBlockingQueue<>();
        service.stream(
                me,
                me,
                (task, event) -> {
                    if (event.isTerminal()) {
                        tellers.add(Thread.currentThread().getName() + (event instanceof TaskEvent.Done ? "" : event));
                    }
                },
                session(),
                completion("a", Given.options("maxTokens", tokens, "temperature", 0f, "alternatives", 9)),
                new Answer<>());
        return tellers.poll(30, TimeUnit.SECONDS);
    }

    @Test
    void aResultOfVeryManyPartsIsNotPutTogetherByTheEngine() throws InterruptedException {
        assertEquals("fake", teller(10), "the engine");
        String thread = teller(1000);
        assertTrue(thread.startsWith("prepare-"), thread);
    }

    @Test
    void aDefectOfAResultThatIsPutTogetherElsewhereEndsItsTask() throws InterruptedException {
        model.model.whileExecuting =
                plan -> model.model.unspeakable = plan.spans().isEmpty() ? -1 : 5;
        long task = create(
                        session(),
                        completion("a", Given.options("maxTokens", 1000, "temperature", 0f, "alternatives", 9)))
                .value();
        Answer<?> result = result(task, -1);
        assertEquals(ErrorCode.UNKNOWN, result.error());
    }

    @Test
    void aSessionIsWeighedWithoutTheLock() {
        List<String> stop = new AbstractList<>() {
            @Override
            public String get(int index) {
                lookedAtUnderTheLock |= service.isDecidedHere();
                return "stop" + index;
            }

            @Override
            public int size() {
                return 60;
            }
        };
        List<Long> opened = new ArrayList<>();
        opened.add(service.sessions().create(me, new SessionConfig(null, null, Given.options("stop", stop))));
        opened.add(service.sessions().fork(me, opened.getFirst()));
        assertEquals(2, opened.stream().distinct().count());
        assertFalse(lookedAtUnderTheLock);
    }
}
