package io.llamanode.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.Given;
import io.llamanode.service.contract.NodeStatus;
import io.llamanode.service.contract.Owner;
import io.llamanode.service.contract.model.ModelConfig;
import io.llamanode.service.contract.model.ModelReport;
import io.llamanode.service.contract.model.NodeConfig;
import io.llamanode.service.model.FakeLoadedModel;
import io.llamanode.service.model.LoadedModel;
import io.llamanode.service.model.ModelLoader;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ModelRegistryTest {
    private static final ModelRegistry.Replacement NOBODY = new ModelRegistry.Replacement() {
        @Override
        public void gone(ServedModel model) {
            throw new AssertionError(model.id());
        }

        @Override
        public void ended(ServedModel model) {
            throw new AssertionError(model.id());
        }
    };

    private final Map<String, FakeLoadedModel> loaded = new ConcurrentHashMap<>();
    private volatile RuntimeException failure;
    private volatile Error error;
    private final List<String> probed = new CopyOnWriteArrayList<>();
    private volatile CompletableFuture<?> withdrawn;
    /** What a probe does. */
    private volatile Runnable probing = () -> {};

    private volatile CountDownLatch entered = new CountDownLatch(1);
    private volatile CountDownLatch release = new CountDownLatch(0);

    private final ModelLoader loader = new ModelLoader() {
        @Override
        public LoadedModel load(ModelConfig config, LoadProgress progress) {
            progress.at(0.5f);
            entered.countDown();
            try {
                release.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            if (failure != null) {
                throw failure;
            }
            if (error != null) {
                throw error;
            }
            FakeLoadedModel model = new FakeLoadedModel(config.effectiveId(), 1, 1);
            loaded.put(config.effectiveId(), model);
            return model;
        }

        @Override
        public void probe(ModelConfig config, Path adapter, CompletableFuture<?> unwanted) {
            probed.add(config.effectiveId());
            withdrawn = unwanted;
            probing.run();
        }

        @Override
        public Preview preview(ModelConfig config) {
            throw new UnsupportedOperationException();
        }

        @Override
        public NodeStatus.Library library() {
            throw new UnsupportedOperationException();
        }
    };

    private final Object lock = new Object();
    private final Map<Owner, Runnable> watched = new ConcurrentHashMap<>();
    private final Owners owners = new Owners(
            (owner, down) -> {
                watched.put(owner, down);
                return () -> watched.remove(owner);
            },
            owner -> {});
    private final ModelRegistry registry = new ModelRegistry(
            lock, loader, new Probes(lock, owners, loader), new NodeConfig(List.of(), 1, 1, 1, 1, 100));

    @AfterEach
    void close() {
        registry.close();
        assertTrue(loaded.values().stream().allMatch(model -> model.model.closed), "a model stays open");
    }

    private Answer<Void> load(String id, Boolean asDefault) {
        Answer<Void> reply = new Answer<>();
        ModelConfig config = Given.model("path", Path.of("/models/x.gguf"), "id", id, "asDefault", asDefault);
        registry.load(null, config, fraction -> {}, NOBODY, reply);
        return reply;
    }

    private Answer<Void> loadOtherwise(String id) {
        Answer<Void> reply = new Answer<>();
        ModelConfig config = Given.model("path", Path.of("/models/x.gguf"), "id", id, "nCtx", 7);
        registry.load(null, config, fraction -> {}, NOBODY, reply);
        return reply;
    }

    private Answer<Void> unload(String id) {
        Answer<Void> reply = new Answer<>();
        registry.unload(id, model -> assertFalse(model.isClosed(), "its tasks must be cancelled first"), reply);
        return reply;
    }

    private Failure refusal(String id) {
        return assertThrows(FailureException.class, () -> registry.find(id)).failure();
    }

    private String defaults() {
        return registry.reports().stream()
                .filter(ModelReport::isDefault)
                .map(ModelReport::id)
                .toList()
                .toString();
    }

    @Test
    void theFirstIsTheDefaultUnlessAnotherIsMadeSo() {
        assertEquals(new Failure(ErrorCode.UNSUPPORTED, "no model is loaded"), refusal(null));
        load("a", null).value();
        load("b", null).value();
        assertEquals("a", registry.find(null).id());
        assertEquals("b", registry.find("b").id());
        assertEquals("[a]", defaults());
        load("c", true).value();
        assertEquals("c", registry.find(null).id());
        assertEquals("[c]", defaults());
        load("d", false).value();
        assertEquals("c", registry.find(null).id());
        assertEquals(
                List.of("a", "b", "c", "d"),
                registry.all().stream().map(ServedModel::id).toList());
    }

    @Test
    void whereTheDefaultIsUnloadedTheFirstTakesItsPlace() {
        load("a", null).value();
        load("b", null).value();
        load("c", true).value();
        unload("b").value();
        assertEquals("c", registry.find(null).id());
        unload("c").value();
        assertEquals("a", registry.find(null).id());
        assertTrue(loaded.get("c").model.closed);
        assertFalse(loaded.get("a").model.closed);
    }

    @Test
    void aModelThatIsNotThereIsNamedBesideThoseThatAre() {
        load("a", null).value();
        load("b", null).value();
        assertEquals(
                new Failure(ErrorCode.INVALID_ARGUMENT, "model: there is no model 'x'; loaded are [a, b]"),
                refusal("x"));
        assertEquals(
                "model: there is no model 'x'; loaded are [a, b]", unload("x").message());
    }

    @Test
    void anIdIsTakenUntilItsModelIsUnloaded() {
        load("a", null).value();
        assertEquals(
                "id: a model named 'a' is loaded already, with another n_ctx; unload it first, or give another id",
                loadOtherwise("a").message());
        unload("a").value();
        load("a", null).value();
    }

    @Test
    void usesAreCounted() {
        load("a", null).value();
        registry.use("a");
        registry.use(null);
        registry.find("a");
        assertEquals(2, registry.reports().getFirst().useCount());
    }

    @Test
    void aLoadThatFailsSaysWhyAndLeavesNothing() {
        failure = new FailureException(ErrorCode.OUT_OF_MEMORY, "too large");
        assertEquals("too large", load("a", null).message());
        failure = new IllegalStateException("odd");
        Answer<Void> odd = load("a", null);
        assertEquals(ErrorCode.MODEL_LOAD_FAILED, odd.error());
        assertEquals("/models/x.gguf: java.lang.IllegalStateException: odd", odd.message());
        assertTrue(registry.all().isEmpty());
        failure = null;
        error = new OutOfMemoryError("unable to create native thread");
        Answer<Void> threadless = load("a", null);
        assertEquals(ErrorCode.OUT_OF_MEMORY, threadless.error(), "which says nothing against the file");
        assertTrue(threadless.message().endsWith("unable to create native thread"), threadless.message());
        error = null;
        load("a", null).value();
    }

    @Test
    void whatWasLoadingWhenTheNodeStopsIsClosed() throws InterruptedException {
        release = new CountDownLatch(1);
        Answer<Void> loading = load("a", null);
        entered.await();
        registry.close();
        release.countDown();
        assertEquals("the node is stopping", loading.message());
        assertTrue(loading.failedWith(ErrorCode.SERVER_BUSY));
        assertTrue(registry.all().isEmpty());
        assertEquals("the node is stopping", load("b", null).message());
        assertEquals("the node is stopping", unload("b").message());
    }

    private record Process(String name) implements Owner {}

    private Answer<Void> probe(Owner owner, String id) {
        Answer<Void> reply = new Answer<>();
        registry.load(
                owner,
                Given.model("path", Path.of("/models/x.gguf"), "id", id, "probe", true),
                fraction -> {},
                NOBODY,
                reply);
        return reply;
    }

    /** Probes run until they are withdrawn from here on. */
    private CountDownLatch holdProbes() {
        CountDownLatch begun = new CountDownLatch(1);
        probing = () -> {
            begun.countDown();
            try {
                withdrawn.join();
            } finally {
                probing = () -> {};
            }
            throw new CancellationException("as it says");
        };
        return begun;
    }

    @Test
    void aFileIsProbedWhereThatIsAskedFor() {
        load("a", null).value();
        assertEquals(List.of(), probed);
        probe(null, "b").value();
        probe(new Process("p"), "c").value();
        assertEquals(List.of("b", "c"), probed);
        assertEquals("[a]", defaults());
        assertEquals(Map.of(), watched, "nobody is watched for a load that is over");
        assertTrue(probe(new Process("p"), "a").failedWith(ErrorCode.INVALID_ARGUMENT));
        load("d", null).value();
        assertEquals(List.of("b", "c"), probed, "what is refused anyhow is not probed");
        assertEquals(Map.of(), watched);
    }

    @Test
    void aFileThatDoesNotPassIsNotLoaded() {
        probing = () -> {
            throw new FailureException(ErrorCode.MODEL_LOAD_FAILED, "it killed");
        };
        assertEquals("it killed", probe(new Process("p"), "a").message());
        assertEquals(Map.of(), loaded);
        assertEquals(Map.of(), watched);
    }

    @Test
    void whoGivesUpWhileAFileIsProbedEndsThat() throws InterruptedException {
        CountDownLatch begun = holdProbes();
        Answer<Void> given = probe(new Process("p"), "a");
        begun.await();
        given.giveUp();
        given.awaitAbandoned();
        load("b", null).value();
        assertEquals(Map.of("b", loaded.get("b")), loaded, "nothing is loaded for nobody");
        assertFalse(given.given());
        assertEquals(Map.of(), watched);
    }

    @Test
    void aFileIsNotProbedForAProcessThatIsGone() throws InterruptedException {
        CountDownLatch begun = holdProbes();
        Owner gone = new Process("gone");
        Answer<Void> running = probe(gone, "a");
        begun.await();
        Answer<Void> waiting = probe(gone, "b");
        synchronized (lock) {
            owners.takeAll(gone).forEach(probe -> ((Probes.Probe) probe).drop());
        }
        running.awaitAbandoned();
        waiting.awaitAbandoned();
        load("c", null).value();
        assertEquals(List.of("a"), probed);
        assertEquals(List.of("c"), List.copyOf(loaded.keySet()));
    }

    /** What was loaded stays, as a load without a probe would. */
    @Test
    void whoGivesUpOnceTheFileHasPassedChangesNothing() throws InterruptedException {
        release = new CountDownLatch(1);
        Answer<Void> given = probe(new Process("p"), "a");
        entered.await();
        given.giveUp();
        release.countDown();
        given.value();
        assertEquals("a", registry.find("a").id());
    }

    @Test
    void theEndOfTheNodeEndsAProbe() throws InterruptedException {
        CountDownLatch begun = holdProbes();
        Answer<Void> running = probe(new Process("p"), "a");
        begun.await();
        Answer<Void> waiting = probe(null, "b");
        registry.close();
        assertEquals("the node is stopping", running.message());
        assertEquals("the node is stopping", waiting.message());
        assertEquals("the node is stopping", probe(new Process("p"), "c").message());
        assertEquals(List.of("a"), probed);
        assertEquals(Map.of(), watched);
    }
}
