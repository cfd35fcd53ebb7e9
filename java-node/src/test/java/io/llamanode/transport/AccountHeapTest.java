package io.llamanode.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.account.HeapGrowth;
import io.llamanode.protocol.RequestDecoder;
import io.llamanode.service.contract.task.TaskType;
import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The account of memory beside the heap: as many requests of a kind as make the heap grow by 20 MB or reach a limit, from
 * their bytes on, each held where it takes most.
 */
class AccountHeapTest {
    /** What the heap may differ by from one look to the next without any request. */
    private static final long NOISE = 512 << 10;
    /** Requests before the first look. */
    private static final int FIRST = 64;

    @Test
    void everyKindOfRequestIsMeasured() {
        assertEquals(
                RequestDecoder.names(), Moments.all().stream().map(Moment::kind).collect(Collectors.toSet()));
        Set<String> types = Arrays.stream(TaskType.values())
                .map(type -> type.name().toLowerCase(Locale.ROOT))
                .collect(Collectors.toSet());
        assertEquals(types, RequestShapes.INPUTS.keySet());
    }

    static Stream<Moment> moments() {
        return Moments.all().stream();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("moments")
    @Timeout(60)
    void theAccountIsNeverUnderByMoreThanAFifthAndEmptyInTheEnd(Moment moment) throws InterruptedException {
        try (HeldNode node = new HeldNode()) {
            moment.begin().run(node);
            node.settle();
            long base = settled();
            long before = node.account.held();
            int sent = 0;
            long grown = 0;
            long next = FIRST;
            while (grown < moment.growth() && sent < moment.most()) {
                sent = send(moment, node, sent, (int) Math.min(next, moment.most() - sent));
                grown = HeapGrowth.used() - base;
                // As many more as seem to be missing, but not so many that a wrong guess takes all memory.
                next = Math.min(3L * sent, sent * (moment.growth() - grown) / Math.max(grown, NOISE) + 1);
            }
            long held = node.account.held() - before;
            String seen = "%d of %s %s: the heap has grown by %d bytes, the account holds %d more (%s)"
                    .formatted(
                            sent,
                            moment.kind(),
                            moment.what(),
                            grown,
                            held,
                            node.account.balance().kinds());
            assertTrue(held >= 0.8 * grown - NOISE, seen);
            assertTrue(held == 0 || !moment.what().equals(Moments.AT_ONCE), seen);
            node.endOwners();
            node.settle();
            node.release();
            node.collectResults();
            node.until(() -> node.account.held() == 0);
        }
    }

    private static int send(Moment moment, HeldNode node, int before, int count) {
        int sent = before;
        while (sent < before + count) {
            int batch = Math.min(moment.batch(), before + count - sent);
            for (int i = 0; i < batch; i++) {
                moment.more().send(node, sent++);
            }
            moment.settle().run(node, batch);
        }
        return sent;
    }

    /** {@return what is used once nothing that has ended before is left} */
    private static long settled() {
        long used = HeapGrowth.used();
        for (long again = HeapGrowth.used(); again < used - NOISE / 4; again = HeapGrowth.used()) {
            used = again;
        }
        return used;
    }
}
