package io.llamanode.engine.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.engine.model.AdapterSet.Use;
import io.llamanode.engine.model.BatchPlan.Span;
import io.llamanode.engine.model.ModelRunner.RunnerException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The data that engine and model exchange. */
class ModelDataTest {
    private static final class NoAdapter implements Adapter {
        @Override
        public void close() {}
    }

    @Test
    void anAdapterIsInASetAtWhateverScale() {
        Adapter one = new NoAdapter();
        Adapter other = new NoAdapter();
        List<Use> uses = new ArrayList<>(List.of(new Use(one, 0.5f)));
        AdapterSet set = new AdapterSet(uses);
        uses.add(new Use(other, 1));
        assertTrue(set.contains(one));
        assertFalse(set.contains(other), "it came later");
        assertFalse(AdapterSet.NONE.contains(one));
    }

    private static Span span(int slot, int count, boolean output) {
        return new Span(slot, new int[8], 0, count, 0, output);
    }

    @Test
    void aPlanTellsHowMuchIsToBeComputed() {
        KvOperation truncate = new KvOperation.Truncate(0, 0);
        assertTrue(new BatchPlan(List.of(), AdapterSet.NONE, List.of()).isEmpty());
        assertFalse(new BatchPlan(List.of(truncate), AdapterSet.NONE, List.of()).isEmpty());
        assertFalse(new BatchPlan(List.of(), AdapterSet.NONE, List.of(span(0, 1, true))).isEmpty());
        BatchPlan plan = new BatchPlan(
                List.of(truncate),
                AdapterSet.NONE,
                List.of(span(0, 1, true), span(1, 1, false), span(2, 5, true), span(3, 1, true), span(4, 3, false)));
        assertEquals(11, plan.tokenCount());
        assertEquals(2, plan.decodes(), "of one token whose logits are wanted");
    }

    @Test
    void aFailureAlwaysHasAMessage() {
        Throwable cause = new IllegalStateException();
        RunnerException failure = new RunnerException("no memory", cause);
        assertEquals("no memory", failure.getMessage());
        assertEquals(cause, failure.getCause());
        assertEquals("null", new RunnerException(null, null).getMessage());
    }

    /** What a growing array of tokens does, against a list that does it plainly. */
    @Test
    void aListOfTokensIsAList() {
        Random random = new Random(1);
        for (int round = 0; round < 300; round++) {
            IntList list = new IntList();
            List<Integer> expected = new ArrayList<>();
            for (int action = 0; action < 30; action++) {
                switch (random.nextInt(6)) {
                    case 0, 1 -> {
                        int item = random.nextInt(100);
                        list.add(item);
                        expected.add(item);
                    }
                    case 2 -> {
                        int[] source = random.ints(random.nextInt(60), 0, 100).toArray();
                        int offset = source.length == 0 ? 0 : random.nextInt(source.length);
                        int count = source.length == offset ? 0 : random.nextInt(source.length - offset);
                        list.addAll(source, offset, count);
                        for (int i = 0; i < count; i++) {
                            expected.add(source[offset + i]);
                        }
                    }
                    case 3 -> {
                        int size = expected.size() - random.nextInt(Math.min(expected.size(), 9) + 1);
                        list.truncate(size);
                        expected = new ArrayList<>(expected.subList(0, size));
                    }
                    case 4 -> {
                        int from = random.nextInt(expected.size() + 1);
                        int to = from + random.nextInt(expected.size() - from + 1);
                        list.remove(from, to);
                        expected.subList(from, to).clear();
                    }
                    default -> {
                        IntList copy = new IntList();
                        int count = random.nextInt(expected.size() + 1);
                        copy.addAll(list, count);
                        assertArrayEquals(array(expected.subList(0, count)), copy.toArray());
                        copy.add(-1);
                    }
                }
                assertEquals(expected.size(), list.size());
                assertArrayEquals(array(expected), list.toArray());
                for (int i = 0; i < expected.size(); i++) {
                    assertEquals(expected.get(i), list.get(i));
                }
            }
        }
    }

    private static int[] array(List<Integer> items) {
        return items.stream().mapToInt(item -> item).toArray();
    }

    @Test
    void howManyLeadingTokensAgree() {
        IntList list = new IntList();
        assertEquals(0, list.commonPrefix(new int[] {1}));
        list.addAll(new int[] {1, 2, 3, 9}, 0, 4);
        list.truncate(3);
        assertEquals(3, list.commonPrefix(new int[] {1, 2, 3, 9}), "what was dropped counts no more");
        assertEquals(2, list.commonPrefix(new int[] {1, 2}));
        assertEquals(2, list.commonPrefix(new int[] {1, 2, 4}));
        assertEquals(0, list.commonPrefix(new int[] {2, 2, 3}));
        assertEquals(0, list.commonPrefix(new int[0]));
    }
}
