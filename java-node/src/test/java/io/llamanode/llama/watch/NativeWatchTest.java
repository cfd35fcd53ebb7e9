package io.llamanode.llama.watch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** When a call counts as hung. Most of it is seen without a thread or a clock: a test looks by itself. */
@Timeout(60)
final class NativeWatchTest {
    private final NativeWatch watch = new NativeWatch();

    /** As often as it takes to find a call that is where the first look saw it. */
    private void looksAndFindsNothing(int times) {
        for (int i = 0; i < times; i++) {
            assertNull(watch.look());
        }
    }

    @Test
    void aCallThatIsFoundWhereItWasInAllLooksOfItsTimeHangs() {
        WatchedCalls calls = watch.calls("a model");
        calls.begin("llama_decode");
        looksAndFindsNothing(NativeWatch.LOOKS);
        assertSame(calls, watch.look());
        assertEquals("llama_decode (a model)", calls.toString());
    }

    @Test
    void aCallThatGetsOnNeverHangsHoweverLongItTakes() {
        WatchedCalls calls = watch.calls("a model");
        calls.begin("llama_decode");
        for (int i = 0; i < 10; i++) {
            looksAndFindsNothing(NativeWatch.LOOKS);
            calls.progress();
        }
        looksAndFindsNothing(NativeWatch.LOOKS);
        assertSame(calls, watch.look());
    }

    @Test
    void manyShortCallsAreNotOneLongOne() {
        WatchedCalls calls = watch.calls("a model");
        for (int i = 0; i < 10 * NativeWatch.LOOKS; i++) {
            calls.begin("llama_decode");
            assertNull(watch.look());
            calls.end();
        }
    }

    @Test
    void eachBeginProgressAndEndOfACallIsAMove() {
        NativeWatch moved = new NativeWatch();
        try (WatchedCalls calls = moved.calls("a");
                WatchedCalls others = moved.calls("b")) {
            Set<Long> seen = new HashSet<>(Set.of(moved.moves()));
            calls.begin("decode");
            seen.add(moved.moves());
            calls.progress();
            seen.add(moved.moves());
            others.begin("decode");
            seen.add(moved.moves());
            calls.end();
            seen.add(moved.moves());
            assertEquals(5, seen.size());
            assertEquals(moved.moves(), moved.moves());
        }
    }

    @Test
    void whatIsOverDoesNotHang() {
        WatchedCalls calls = watch.calls("a model");
        looksAndFindsNothing(2 * NativeWatch.LOOKS);
        calls.begin("llama_decode");
        looksAndFindsNothing(NativeWatch.LOOKS);
        calls.end();
        looksAndFindsNothing(2 * NativeWatch.LOOKS);
        calls.begin("llama_encode");
        looksAndFindsNothing(NativeWatch.LOOKS);
        assertSame(calls, watch.look());
    }

    @Test
    void callsOfOneThingDoNotSpeakForThoseOfAnother() {
        WatchedCalls hung = watch.calls("one");
        WatchedCalls busy = watch.calls("another");
        hung.begin("llama_decode");
        for (int i = 0; i < NativeWatch.LOOKS; i++) {
            busy.begin("llama_decode");
            assertNull(watch.look());
            busy.end();
        }
        assertSame(hung, watch.look());
    }

    @Test
    void nothingIsSeenOfCallsThatAreClosed() {
        WatchedCalls calls = watch.calls("a model");
        calls.begin("llama_decode");
        calls.close();
        looksAndFindsNothing(2 * NativeWatch.LOOKS);
    }

    @Test
    void itsThreadTellsOnceOfACallThatNeverReturns() throws Exception {
        CompletableFuture<String> told = new CompletableFuture<>();
        List<String> all = new ArrayList<>();
        watch.start(Duration.ofMillis(20), call -> {
            all.add(call);
            told.complete(call);
        });
        watch.start(Duration.ofMillis(1), call -> all.add("a second start"));
        WatchedCalls calls = watch.calls("a model");
        calls.begin("llama_decode");
        calls.end();
        calls.begin("llama_encode");
        assertEquals("llama_encode (a model)", told.get(30, TimeUnit.SECONDS));
        thread().join();
        assertEquals(List.of("llama_encode (a model)"), all);
    }

    @Test
    void itsThreadSleepsWithoutATimeUnlessACallRuns() throws Exception {
        watch.start(Duration.ofSeconds(4), call -> {});
        WatchedCalls calls = watch.calls("a model");
        Thread thread = thread();
        comesTo(thread, Thread.State.WAITING);
        calls.begin("llama_decode");
        comesTo(thread, Thread.State.TIMED_WAITING);
        calls.end();
        comesTo(thread, Thread.State.WAITING);
    }

    private static void comesTo(Thread thread, Thread.State state) {
        while (thread.getState() != state) {
            assertTrue(thread.isAlive());
            Thread.onSpinWait();
        }
    }

    private Thread thread() {
        return watch.thread();
    }
}
