package io.llamanode.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.Given;
import io.llamanode.service.contract.model.AdapterConfig;
import io.llamanode.service.contract.model.AdapterInfo;
import io.llamanode.service.contract.task.AdapterScale;
import io.llamanode.service.contract.task.GenerationOptions;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class AdaptersTest extends ServiceFixture {
    private Answer<Void> load(String id) {
        Answer<Void> loaded = new Answer<>();
        service.adapters().load(null, new AdapterConfig(Path.of("/a/" + id + ".gguf"), null, null, null), loaded);
        return loaded;
    }

    private Answer<Void> unload(String id) {
        Answer<Void> unloaded = new Answer<>();
        service.adapters().unload(id, null, unloaded);
        return unloaded;
    }

    private static GenerationOptions with(int maxTokens, String id) {
        return Given.options("maxTokens", maxTokens, "temperature", 0f, "lora", List.of(new AdapterScale(id, 1)));
    }

    @Test
    void anAdapterIsLoadedUsedAndUnloaded() {
        load("one").value();
        assertEquals(
                List.of(new AdapterInfo("one", "fake", "/a/one.gguf", 0)),
                service.adapters().list());
        assertTrue(load("one").failedWith(ErrorCode.INVALID_ARGUMENT));
        long session = session();
        long task = create(session, completion("a", with(1_000_000_000, "one"))).value();
        assertEquals(1, service.adapters().list().getFirst().tasks());
        assertThrows(FailureException.class, () -> unload("one"));
        assertEquals(1, model.adapters.get());
        cancel(task).value();
        unload("one").value();
        assertEquals(0, model.adapters.get());
        assertTrue(create(session, completion("a", with(1, "one"))).failedWith(ErrorCode.INVALID_ARGUMENT));
        assertThrows(FailureException.class, () -> unload("one"));
    }

    @Test
    void aModelThatGoesTakesItsAdaptersAlong() {
        load("one").value();
        Answer<Void> unloaded = new Answer<>();
        service.unloadModel("fake", unloaded);
        unloaded.value();
        assertEquals(0, model.adapters.get());
        assertEquals(List.of(), service.adapters().list());
    }

    @Test
    void theOrderOfAdaptersIsNoDifference() {
        LoadedAdapters adapters = new LoadedAdapters("m");
        adapters.add("a", "a.gguf", () -> {});
        adapters.add("b", "b.gguf", () -> {});
        AdapterScale a = new AdapterScale("a", 1);
        AdapterScale b = new AdapterScale("b", 0.5f);
        assertEquals(adapters.set(List.of(a, b)), adapters.set(List.of(b, a)));
        assertEquals(adapters.set(List.of(a)), adapters.set(List.of(a, new AdapterScale("b", 0))));
        assertEquals(adapters.set(List.of()), adapters.set(List.of(new AdapterScale("b", 0))));
    }
}
