package io.llamanode.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.engine.contract.GenerationListener.FailureKind;
import io.llamanode.engine.contract.GenerationRequest;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A step that nobody wants any more while it is computed. */
class GivenUpStepTest extends EngineFixture {
    private static final String LONG = "a prompt of more tokens than one step takes, of which one is enough";

    {
        engine = engine(2, 128, 32, 8);
    }

    /** Cancels requests as another thread does: while a plan is executed. */
    private void cancelWhileExecuting(long... ids) {
        model.whileExecuting = plan -> {
            model.whileExecuting = later -> {};
            for (long id : ids) {
                engine.cancel(id, () -> {});
            }
        };
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void itEndsAndTheRequestWithIt(boolean canTruncate) {
        model.canTruncate = canTruncate;
        engine = engine(2, 128, 32, 8);
        Recorder given = submit(request(1, 7, LONG, 5, GenerationRequest.NO_DEADLINE));
        engine.step();
        cancelWhileExecuting(1);
        engine.step();
        assertEquals(1, model.abandoned);
        engine.step();
        assertEquals(FailureKind.CANCELLED, given.failure());
        // The positions go on where the whole steps ended.
        Recorder again = submit(request(2, 7, LONG, 5, GenerationRequest.NO_DEADLINE));
        steps(12);
        assertEquals(canTruncate ? 32 : 0, again.outcome().cachedTokens());
        assertEquals("!!!!!", again.text());
    }

    @Test
    void oneThatSomebodyStillWantsIsComputedToItsEnd() {
        Recorder wanted = submit(request(1, "one", 3));
        Recorder given = submit(request(2, "two", 3));
        cancelWhileExecuting(2);
        steps(4);
        assertEquals(0, model.abandoned);
        assertEquals(FailureKind.CANCELLED, given.failure());
        assertEquals("!!!", wanted.text());
    }

    @Test
    void manyWhoCancelOneAfterTheOtherAreAllOfThem() {
        Recorder one = submit(request(1, "one", 3));
        Recorder two = submit(request(2, "two", 3));
        cancelWhileExecuting(1, 99, 2);
        steps(2);
        assertEquals(1, model.abandoned);
        assertEquals(FailureKind.CANCELLED, one.failure());
        assertEquals(FailureKind.CANCELLED, two.failure());
        assertEquals("!", run(request(3, "three", 1)).completion().length == 1 ? "!" : "");
    }

    @Test
    void deadlinesThatPassWhileItIsComputedEndItAsWell() {
        Recorder one = submit(request(1, 1, "one", 3, 100));
        Recorder two = submit(request(2, 2, "two", 3, 200));
        model.whileExecuting = plan -> now = 150;
        engine.step();
        assertEquals(0, model.abandoned, "the later one is not due");
        engine.step();
        assertEquals(FailureKind.TIMEOUT, one.failure());
        model.whileExecuting = plan -> now = 200;
        steps(2);
        assertEquals(1, model.abandoned);
        assertEquals(FailureKind.TIMEOUT, two.failure());
    }

    @Test
    void aClosedEngineComputesNothingToItsEnd() throws Exception {
        CountDownLatch executing = new CountDownLatch(1);
        CountDownLatch closing = new CountDownLatch(1);
        model.whileExecuting = plan -> {
            executing.countDown();
            try {
                closing.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        };
        Recorder given = submit(request(1, "one", 1000));
        engine.start();
        assertTrue(executing.await(30, TimeUnit.SECONDS));
        Thread closer = Thread.ofPlatform().start(engine::close);
        // It waits for the thread that computes, which waits for this one.
        while (closer.getState() != Thread.State.WAITING) {
            Thread.onSpinWait();
        }
        closing.countDown();
        closer.join();
        assertEquals(1, model.abandoned);
        assertEquals(FailureKind.CANCELLED, given.failure());
    }
}
