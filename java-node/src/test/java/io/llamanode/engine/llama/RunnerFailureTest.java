package io.llamanode.engine.llama;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.llamanode.engine.model.ModelRunner.AbandonedException;
import io.llamanode.engine.model.ModelRunner.MemoryException;
import io.llamanode.engine.model.ModelRunner.RunnerException;
import io.llamanode.llama.ContextException;
import io.llamanode.llama.DecodeException;
import io.llamanode.llama.DecodeException.Kind;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the engine hears of a computation that llama.cpp did not do. */
final class RunnerFailureTest {
    @ParameterizedTest
    @EnumSource(Kind.class)
    void wantOfMemoryAndAnEndThatWasWishedForAreToldFromAnyOtherFailure(Kind kind) {
        DecodeException failed = new DecodeException(kind, -1, "why");
        RunnerException told = LlamaRunner.failure(failed);
        Class<?> expected = switch (kind) {
            case OUT_OF_MEMORY -> MemoryException.class;
            case ABORTED -> AbandonedException.class;
            case NO_KV_SLOT, INVALID_BATCH, FAILED -> RunnerException.class;
        };
        assertEquals(expected, told.getClass());
        assertEquals(failed, told.getCause());
    }

    @Test
    void otherFailuresOfTheBindingKeepTheirWords() {
        assertEquals("why", LlamaRunner.failure(new ContextException("why")).getMessage());
    }
}
