package io.llamanode.llama.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.transport.Interleavings;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class NativeHandleTest {
    private static final int ROUNDS = 2_000;
    private static final int USERS = 3;

    private final AtomicInteger frees = new AtomicInteger();

    private NativeHandle handle() {
        frees.set(0);
        return new NativeHandle("thing", MemorySegment.ofAddress(8), frees::incrementAndGet);
    }

    /** Two users, who each come and leave, and two who close, in every order. */
    @Test
    void inEveryOrderItIsFreedOnceWithTheLastUserAndUsedByNobodyLater() {
        int orders = Interleavings.each(new int[] {2, 2, 1, 1}, order -> {
            NativeHandle handle = handle();
            boolean[] uses = new boolean[2];
            boolean closed = false;
            int[] steps = new int[4];
            for (int program : order) {
                if (program >= 2) {
                    handle.close();
                    closed = true;
                } else if (steps[program]++ == 0) {
                    if (closed) {
                        assertThrows(IllegalStateException.class, handle::acquire);
                    } else {
                        assertEquals(8, handle.acquire().address());
                        uses[program] = true;
                    }
                } else if (uses[program]) {
                    handle.release();
                    uses[program] = false;
                }
                boolean over = closed && !uses[0] && !uses[1];
                assertEquals(over ? 1 : 0, frees.get(), "frees after " + program);
                assertEquals(closed, handle.isClosed());
            }
        });
        assertEquals(180, orders);
    }

    /** What the orders above leave out: steps that really happen at once. */
    @Test
    void racingUsersNeverSeeItFreed() throws Exception {
        CyclicBarrier start = new CyclicBarrier(USERS + 1);
        AtomicBoolean usedFreed = new AtomicBoolean();
        List<NativeHandle> handles = new ArrayList<>();
        List<AtomicInteger> freed = new ArrayList<>();
        for (int i = 0; i < ROUNDS; i++) {
            AtomicInteger count = new AtomicInteger();
            freed.add(count);
            handles.add(new NativeHandle("thing", MemorySegment.NULL, count::incrementAndGet));
        }
        List<Thread> users = new ArrayList<>();
        for (int i = 0; i < USERS; i++) {
            users.add(Thread.ofPlatform().start(() -> {
                for (int round = 0; round < ROUNDS; round++) {
                    meet(start);
                    try {
                        handles.get(round).acquire();
                    } catch (IllegalStateException e) {
                        continue;
                    }
                    if (freed.get(round).get() != 0) {
                        usedFreed.set(true);
                    }
                    handles.get(round).release();
                }
            }));
        }
        for (int round = 0; round < ROUNDS; round++) {
            meet(start);
            handles.get(round).close();
        }
        for (Thread user : users) {
            user.join();
        }
        assertTrue(!usedFreed.get(), "freed under a user");
        assertTrue(freed.stream().allMatch(count -> count.get() == 1), "freed once each");
    }

    private static void meet(CyclicBarrier barrier) {
        try {
            barrier.await();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }
}
