package io.llamanode.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.engine.model.Adapter;
import io.llamanode.engine.model.AdapterSet;
import io.llamanode.service.contract.Capability;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.model.AdapterConfig;
import io.llamanode.service.contract.model.AdapterInfo;
import io.llamanode.service.contract.task.AdapterScale;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Loads of adapters that fail, and the account of who uses which. */
class AdapterServiceTest extends ServiceFixture {
    private Answer<Void> load(String id) {
        return load(id, null);
    }

    private Answer<Void> load(String id, Boolean probe) {
        Answer<Void> loaded = new Answer<>();
        service.adapters().load(me, new AdapterConfig(Path.of("/a/file.gguf"), id, null, probe), loaded);
        return loaded;
    }

    private static String refusal(Executable call) {
        return assertThrows(FailureException.class, call).failure().message();
    }

    @Test
    void aLoadThatFailsSaysWhy() {
        model.loadingAdapter = () -> {
            throw new FailureException(ErrorCode.MODEL_LOAD_FAILED, "no adapter");
        };
        assertEquals("no adapter", load("one").message());
        model.loadingAdapter = () -> {
            throw new IllegalStateException("as the test wants");
        };
        assertTrue(load("one").failedWith(ErrorCode.UNKNOWN));
        assertEquals(List.of(), service.adapters().list());
        model.loadingAdapter = () -> {};
        load("one").value();
    }

    @Test
    void anIdIsTakenOnce() {
        load("one").value();
        assertEquals("id: an adapter named 'one' is loaded already", load("one").message());
        assertEquals(1, model.adapters.get(), "the second file is not read");
    }

    @Test
    void anAdapterIsProbedWithItsModelWhereThatIsAskedFor() {
        load("one", true).value();
        load("two").value();
        load("three", false).value();
        assertEquals(List.of(Path.of("/a/file.gguf")), probedAdapters);
        probing = () -> {
            throw new FailureException(ErrorCode.MODEL_LOAD_FAILED, "it killed");
        };
        assertEquals("it killed", load("four", true).message());
        assertEquals(3, model.adapters.get());
        assertTrue(watched.isEmpty(), "nobody is watched for a load that is over");
    }

    @Test
    void anAdapterIsNotLoadedForAProcessThatIsGone() throws InterruptedException {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch gone = new CountDownLatch(1);
        probing = () -> {
            begun.countDown();
            try {
                gone.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        };
        Answer<Void> loading = load("one", true);
        begun.await();
        watched.get(me).run();
        loading.awaitAbandoned();
        gone.countDown();
        assertTrue(load("two").isOk());
        assertEquals(1, model.adapters.get());
    }

    @Test
    void onlyModelsThatGenerateTakeAdapters() {
        model.capabilities = EnumSet.of(Capability.EMBEDDING);
        assertEquals("model 'fake' does not generate text", refusal(() -> load("one")));
    }

    @Test
    void anAdapterOfAModelThatWasClosedMeanwhileIsFreed() throws InterruptedException {
        CountDownLatch entered = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        model.loadingAdapter = () -> {
            entered.countDown();
            try {
                release.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        };
        Answer<Void> loading = load("one");
        entered.await();
        service.close();
        release.countDown();
        assertEquals("the model is being closed", loading.message());
        assertTrue(loading.failedWith(ErrorCode.CANCELLED));
        assertEquals(0, model.adapters.get());
    }

    /** Its handle is gone, which is no defect. */
    @Test
    void aLoadThatFailsBecauseTheModelWasClosedIsCancelled() throws InterruptedException {
        CountDownLatch entered = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        model.loadingAdapter = () -> {
            entered.countDown();
            try {
                release.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            throw new IllegalStateException("closed");
        };
        Answer<Void> loading = load("one");
        entered.await();
        service.close();
        release.countDown();
        assertTrue(loading.failedWith(ErrorCode.CANCELLED));
    }

    @Test
    void anAdapterInUseStays() {
        LoadedAdapters adapters = new LoadedAdapters("m");
        Adapter one = () -> {};
        Adapter other = () -> {};
        adapters.add("one", "/a/one.gguf", one);
        adapters.add("other", "/a/other.gguf", other);
        AdapterSet set = adapters.set(List.of(new AdapterScale("one", 0.5f), new AdapterScale("other", 0)));
        assertEquals(List.of(new AdapterSet.Use(one, 0.5f)), set.uses());
        adapters.count(set, 1);
        adapters.count(set, 1);
        assertEquals(
                List.of(
                        new AdapterInfo("one", "m", "/a/one.gguf", 2),
                        new AdapterInfo("other", "m", "/a/other.gguf", 0)),
                adapters.list());
        assertEquals("2 tasks use the adapter 'one'", refusal(() -> adapters.remove("one")));
        assertSame(other, adapters.remove("other"));
        adapters.count(set, -1);
        adapters.count(set, -1);
        assertSame(one, adapters.remove("one"));
        assertEquals("id: model 'm' has no adapter 'one'; loaded are []", refusal(() -> adapters.remove("one")));
    }

    @Test
    void anAdapterThatIsNotThereIsNamedBesideThoseThatAre() {
        LoadedAdapters adapters = new LoadedAdapters("m");
        adapters.add("one", "/a/one.gguf", () -> {});
        assertEquals(
                "lora: model 'm' has no adapter 'x'; loaded are [one]",
                refusal(() -> adapters.set(List.of(new AdapterScale("x", 1)))));
        assertSame(AdapterSet.NONE, adapters.set(List.of()));
        assertEquals(1, adapters.removeAll().size());
        assertEquals(List.of(), adapters.list());
    }
}
