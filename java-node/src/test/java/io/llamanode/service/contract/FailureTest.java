package io.llamanode.service.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class FailureTest {
    @Test
    void anExceptionCarriesItsFailureAndSaysIt() {
        Failure failure = new Failure(ErrorCode.SERVER_BUSY, "the queue is full");
        FailureException exception = failure.asException();
        assertSame(failure, exception.failure());
        assertEquals("server_busy: the queue is full", exception.getMessage());
        assertEquals(0, exception.getStackTrace().length, "an expected outcome needs no trace");
    }

    @Test
    void badInputIsTheCommonestFailure() {
        assertEquals(
                new Failure(ErrorCode.INVALID_ARGUMENT, "top_k: must not be negative"),
                FailureException.invalid("top_k: must not be negative").failure());
    }

    @Test
    void aFailureHasACodeAndAMessage() {
        assertThrows(NullPointerException.class, () -> new Failure(null, "why"));
        assertThrows(NullPointerException.class, () -> new Failure(ErrorCode.UNKNOWN, null));
    }

    @Test
    void codesAreWrittenInLowerCaseAndKeepTheirNumbers() {
        assertEquals("model_load_failed", ErrorCode.MODEL_LOAD_FAILED.wireName());
        assertEquals(3, ErrorCode.MODEL_LOAD_FAILED.number());
        assertEquals(99, ErrorCode.UNKNOWN.number());
        for (ErrorCode code : ErrorCode.values()) {
            assertTrue(code.wireName().matches("[a-z]+(_[a-z]+)*"), code.wireName());
        }
    }
}
