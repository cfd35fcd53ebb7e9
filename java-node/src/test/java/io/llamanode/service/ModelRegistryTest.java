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
import io.llamanode.service.contract.model.ModelConfig;
import io.llamanode.service.contract.model.ModelReport;
import io.llamanode.service.model.FakeLoadedModel;
import io.llamanode.service.model.LoadedModel;
import io.llamanode.service.model.ModelLoader;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ModelRegistryTest {
    private final Map<String, FakeLoadedModel> loaded = new ConcurrentHashMap<>();
    private volatile RuntimeException failure;
    private volatile CountDownLatch entered = new CountDownLatch(1);
    private volatile CountDownLatch release = new CountDownLatch(0);

    private final ModelRegistry registry = new ModelRegistry(
            new Object(),
            new ModelLoader() {
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
                    FakeLoadedModel model = new FakeLoadedModel(config.effectiveId(), 1, 1);
                    loaded.put(config.effectiveId(), model);
                    return model;
                }

                @Override
                public Preview preview(ModelConfig config) {
                    throw new UnsupportedOperationException();
                }

                @Override
                public NodeStatus.Library library() {
                    throw new UnsupportedOperationException();
                }
            },
            100);

    @AfterEach
    void close() {
        registry.close();
        assertTrue(loaded.values().stream().allMatch(model -> model.model.closed), "a model stays open");
    }

    private Answer<Void> load(String id, Boolean asDefault) {
        Answer<Void> reply = new Answer<>();
        ModelConfig config = Given.model("path", Path.of("/models/x.gguf"), "id", id, "asDefault", asDefault);
        registry.load(config, fraction -> {}, reply);
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
        assertEquals("id: a model named 'a' is loaded already", load("a", null).message());
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
}
