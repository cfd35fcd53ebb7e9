package io.llamanode.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.service.contract.Given;
import io.llamanode.service.contract.NodeStatus;
import io.llamanode.service.contract.NodeStatus.SlotState;
import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.GenerationResult;
import io.llamanode.service.contract.task.SessionConfig;
import io.llamanode.service.contract.task.SessionInfo;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What the node and its sessions say of themselves. */
class StatusTest extends ServiceFixture {
    private GenerationResult finish(long session, int tokens) {
        return result(create(session, turn("q", options(tokens, null))).value(), -1)
                .value();
    }

    @Test
    void theNodeTellsItsLibraryItsVersionAndItsAge() {
        long before = System.nanoTime();
        LlamaService other = service(10, 60_000);
        NodeStatus status = other.status();
        long elapsed = (System.nanoTime() - before) / 1_000_000;
        other.close();
        assertEquals(new NodeStatus.Library("fake", "0", ""), status.library());
        assertEquals("development", status.version(), "there is no jar");
        assertTrue(status.uptimeMs() >= 0 && status.uptimeMs() <= elapsed, status::toString);
        assertTrue(status.memory().heapUsedBytes() > 0);
        assertTrue(status.memory().heapUsedBytes() <= status.memory().heapMaxBytes());
        assertEquals(Runtime.getRuntime().maxMemory(), status.memory().heapMaxBytes());
    }

    /** What is needed to find what is held and counted by nobody. */
    @Test
    void theGrowthOfTheHeapIsToldToWhoAsksForIt() {
        assertNull(service.status().account().heapGrowthBytes());
        System.setProperty("llamanode.account.check", "true");
        LlamaService looking;
        try {
            looking = service(10, 60_000);
        } finally {
            System.clearProperty("llamanode.account.check");
        }
        assertEquals(0, looking.status().account().heapGrowthBytes(), "nothing is held");
        looking.sessions()
                .create(
                        me,
                        new SessionConfig(null, "x".repeat(200), Given.options("stop", List.of("y".repeat(4 << 20)))));
        long growth = looking.status().account().heapGrowthBytes();
        looking.close();
        assertTrue(growth > 3 << 20 && growth < 6 << 20, () -> "grown by " + growth);
    }

    @Test
    void aModelIsTold() {
        NodeStatus.Model told = service.status().models().getFirst();
        assertEquals("fake", told.id());
        assertEquals("/models/fake", told.path());
        assertEquals(257, told.nVocab());
        assertEquals(2, told.nParallel());
        assertEquals(8, told.maxQueue());
        assertEquals(256, told.nCtx());
        assertEquals(0, told.queued());
    }

    @Test
    void tasksRunOnSlotsOrWaitForThem() throws InterruptedException {
        long session = session();
        for (int i = 0; i < 2; i++) {
            long task = stream(session, completion("a" + i, ENDLESS));
            while (events.take().task() != task) {
                // That of another one, which runs already.
            }
        }
        long third = create(session(), completion("b", ENDLESS)).value();
        cancel(create(session(), completion("c", ENDLESS)).value()).value();
        NodeStatus status = service.status();
        assertEquals(2, status.tasksRunning());
        assertEquals(1, status.tasksWaiting());
        assertEquals(3, status.sessions());
        SessionInfo runs = service.sessions().info(session);
        assertEquals(2, runs.tasksRunning());
        assertEquals(0, runs.tasksWaiting());
        for (NodeStatus.Slot slot : status.models().getFirst().slots()) {
            assertEquals(SlotState.DECODE, slot.state());
            assertEquals(256, slot.nCtx());
            assertTrue(slot.cachedTokens() > 0);
            assertTrue(slot.taskId() > 0);
        }
        cancel(third).value();
    }

    @Test
    void aSlotTellsWhoseCacheItHolds() {
        long session = session();
        GenerationResult result = finish(session, 3);
        NodeStatus status = service.status();
        NodeStatus.Slot slot = status.models().getFirst().slots().stream()
                .filter(one -> one.sessionId() != null)
                .findFirst()
                .orElseThrow();
        assertEquals(session, slot.sessionId());
        assertEquals(SlotState.IDLE, slot.state());
        assertNull(slot.taskId());
        int held = result.usage().promptTokens() + result.usage().completionTokens() - 1;
        assertEquals(held, slot.cachedTokens());
        assertEquals(0, status.tasksRunning());
    }

    @Test
    void theNodeCountsWhatItsModelsDid() {
        long before = System.nanoTime();
        long session = session();
        GenerationResult first = finish(session, 3);
        GenerationResult second = finish(session, 2);
        NodeStatus.Counters counters = service.status().counters();
        long elapsed = (System.nanoTime() - before) / 1_000_000;
        assertEquals(first.usage().promptTokens() + second.usage().promptTokens(), counters.promptTokens());
        assertEquals((long) second.usage().cachedTokens(), counters.cachedTokens());
        assertEquals(5, counters.completionTokens());
        assertTrue(counters.decodeCalls() >= 5, counters::toString);
        assertEquals(0, counters.contextShifts());
        assertTrue(
                counters.scheduleMs() + counters.decodeMs() + counters.sampleMs() + counters.outputMs() <= elapsed,
                counters::toString);
        assertEquals(2, counters.tasksCreated());
        assertEquals(2, counters.tasksDone());
        assertEquals(0, counters.tasksFailed());
    }

    @Test
    void shiftsAreCounted() {
        long task = create(session(), completion("p".repeat(250), options(20, null)))
                .value();
        result(task, -1).value();
        assertEquals(1, service.status().counters().contextShifts());
    }

    @Test
    void aSessionTellsHowItStands() {
        long before = System.nanoTime();
        long session = service.sessions().create(me, new SessionConfig(null, "sys", GenerationOptions.NONE));
        SessionInfo fresh = service.sessions().info(session);
        assertNull(fresh.slot());
        assertEquals(0, fresh.cachedTokens() + fresh.cacheBytes() + fresh.transcriptTokens());
        assertTrue(fresh.systemPrompt());
        GenerationResult result = finish(session, 3);
        SessionInfo info = service.sessions().info(session);
        long elapsed = (System.nanoTime() - before) / 1_000_000;
        assertEquals(session, info.id());
        assertEquals("fake", info.model());
        assertEquals(me, info.owner());
        assertTrue(info.createdMsAgo() >= 0 && info.createdMsAgo() <= elapsed, info::toString);
        int prompt = result.usage().promptTokens();
        assertEquals((Integer) (prompt + 3), info.transcriptTokens());
        assertEquals(prompt + 2, info.cachedTokens(), "the last token is not computed yet");
        assertEquals((Long) (100L * info.cachedTokens()), info.cacheBytes());
        assertEquals(1, info.tasksDone());
        assertEquals(prompt, info.promptTokens());
        assertEquals(3, info.completionTokens());
        assertEquals(2, info.messages());
        assertTrue(info.slot() >= 0);
        assertEquals(false, service.sessions().info(session()).systemPrompt());
        finish(session, 2);
        assertEquals(5, service.sessions().info(session).completionTokens());
    }

    @Test
    void aSessionTellsWhatWaits() {
        long session = session();
        create(session, turn("one", ENDLESS)).value();
        create(session, turn("two", ENDLESS)).value();
        SessionInfo info = service.sessions().info(session);
        assertEquals(2, info.tasksRunning() + info.tasksWaiting());
        assertTrue(info.tasksWaiting() >= 1, "the second waits for the first");
    }
}
