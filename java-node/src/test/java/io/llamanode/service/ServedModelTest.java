package io.llamanode.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.service.contract.Capability;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.Owner;
import io.llamanode.service.contract.model.ModelConfig;
import io.llamanode.service.contract.model.ModelReport;
import io.llamanode.service.model.FakeLoadedModel;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Two slots and a queue of eight, of which one owner gets six. */
class ServedModelTest {
    private record Process(String name) implements Owner {}

    private static final Process ME = new Process("me");
    private static final Process OTHER = new Process("other");

    private final FakeLoadedModel loaded = new FakeLoadedModel("fake", 2, 8);
    private final ModelConfig config = ModelConfig.of(Path.of("fake.gguf"));
    private final ServedModel served = new ServedModel(new NativeWork(loaded, config), config, Map.of(), 75);

    @AfterEach
    void close() {
        served.close();
    }

    private void accept(Owner owner, int times) {
        for (int i = 0; i < times; i++) {
            assertNull(served.accept(owner));
        }
    }

    @Test
    void whatIsBeyondAnOwnersShareOfTheQueueIsForOthers() {
        accept(ME, 8);
        assertEquals(
                "8 tasks of this owner are waiting or running; the rest of the queue is for others", served.accept(ME));
        accept(OTHER, 2);
        assertEquals("every slot is taken and the queue is full with 10 tasks", served.accept(OTHER));
        assertEquals("every slot is taken and the queue is full with 10 tasks", served.accept(ME));
    }

    @Test
    void anEndMakesRoomForItsOwner() {
        accept(ME, 8);
        served.ended(ME);
        accept(ME, 1);
        assertTrue(served.accept(ME).startsWith("8 tasks of this owner"));
        for (int i = 0; i < 8; i++) {
            served.ended(ME);
        }
        accept(OTHER, 8);
        accept(ME, 2);
    }

    @Test
    void aReportCountsTasksAndUses() {
        long before = System.nanoTime();
        ModelReport unused = served.report(true);
        assertEquals(0, unused.tasks());
        assertEquals(0, unused.useCount());
        assertNull(unused.lastUsedMsAgo());
        assertTrue(unused.isDefault());
        assertEquals("fake", unused.id());
        assertEquals(loaded.header(), unused.header());
        assertEquals(8, unused.maxQueue());
        assertEquals(2, unused.nParallel());
        accept(ME, 2);
        served.used();
        served.used();
        ModelReport used = served.report(false);
        assertEquals(2, used.tasks());
        assertEquals(2, used.useCount());
        assertFalse(used.isDefault());
        long elapsed = (System.nanoTime() - before) / 1_000_000;
        assertTrue(used.lastUsedMsAgo() >= 0 && used.lastUsedMsAgo() <= elapsed, used::toString);
        assertTrue(used.loadedMsAgo() >= used.lastUsedMsAgo(), used::toString);
    }

    @Test
    void aModelThatDoesNotGenerateSaysSo() {
        served.requireGeneration();
        loaded.capabilities = EnumSet.of(Capability.EMBEDDING);
        FailureException refused = assertThrows(FailureException.class, served::requireGeneration);
        assertEquals("model 'fake' does not generate text", refused.failure().message());
        assertEquals(ErrorCode.UNSUPPORTED, refused.failure().code());
    }

    @Test
    void closingFreesTheModelAndItsAdapters() {
        served.adapters.add("a", "a.gguf", loaded.loadAdapter(null));
        assertFalse(served.isClosed());
        served.close();
        assertTrue(served.isClosed());
        assertTrue(loaded.model.closed);
        assertEquals(0, loaded.adapters.get());
        assertTrue(served.adapters.list().isEmpty());
    }
}
