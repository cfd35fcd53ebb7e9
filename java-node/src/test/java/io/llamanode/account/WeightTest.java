package io.llamanode.account;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigInteger;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class WeightTest {
    private record Point(int x, String name, Object more) {}

    /** No record, as what must not be taken apart is. */
    private static final class Own implements Weighed {
        private final byte[] bytes;

        Own(byte[] bytes) {
            this.bytes = bytes;
        }

        @Override
        public long weight() {
            return 16 + Weight.of(bytes);
        }
    }

    private enum Colour {
        RED
    }

    @Test
    void whatIsSharedByAllWeighsNothing() {
        assertEquals(0, Weight.of(null));
        assertEquals(0, Weight.of(true));
        assertEquals(0, Weight.of(Colour.RED));
    }

    @Test
    void aCharacterThatDoesNotFitAByteDoublesItsText() {
        assertEquals(40 + 1000, Weight.of("x".repeat(1000)));
        assertEquals(40 + 1000, Weight.of("\u00ff".repeat(1000)));
        assertEquals(40 + 2000, Weight.of("x".repeat(999) + "\u0100"));
    }

    @Test
    void aRecordWeighsWhatItIsMadeOf() {
        long bare = Weight.of(new Point(1, null, null));
        assertTrue(bare >= 24);
        assertEquals(
                bare + Weight.of("a name") + Weight.of(List.of(1, 2)),
                Weight.of(new Point(1, "a name", List.of(1, 2))));
    }

    static Stream<Arguments> forms() {
        return Stream.of(
                form("texts", 200_000, i -> "text number " + i),
                form("wide texts", 100_000, i -> "\u20ac".repeat(20) + i),
                form("numbers", 500_000, i -> (double) i),
                form("long numbers", 500_000, i -> 1L << 40 | i),
                form("empty lists", 500_000, i -> new ArrayList<>()),
                form("unmodifiable lists", 200_000, i -> Collections.unmodifiableList(new ArrayList<>(List.of(i, -i)))),
                form("lists of one", 200_000, i -> List.of("x" + i)),
                form("maps", 50_000, i -> map(i, 3)),
                form("large maps", 500, i -> map(i, 500)),
                form("empty maps", 200_000, i -> new LinkedHashMap<>()),
                form("arrays", 50_000, i -> new int[i % 100]),
                form("arrays of floats", 50_000, i -> new float[i % 100]),
                form("bytes", 100_000, i -> new byte[i % 50]),
                form(
                        "large integers",
                        50_000,
                        i -> BigInteger.ONE.shiftLeft(i % 3000).add(BigInteger.valueOf(i))),
                form("paths", 20_000, i -> read(Path.of("/models/" + "x".repeat(i % 500) + i))),
                form("what weighs itself", 50_000, i -> new Own(new byte[i % 100])),
                form("records", 200_000, i -> new Point(i, "p" + i, List.of(i))));
    }

    private static Arguments form(String name, int count, IntFunction<Object> made) {
        return Arguments.of(name, count, made);
    }

    /** {@return the path, which keeps its text once that was asked for} */
    private static Path read(Path path) {
        assertFalse(path.toString().isEmpty());
        return path;
    }

    private static Map<String, Object> map(int seed, int size) {
        Map<String, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < size; i++) {
            map.put("key" + seed + "/" + i, (long) i * 1_000_000);
        }
        return Collections.unmodifiableMap(map);
    }

    /** Weighs many of a form, and looks at what the heap grew by. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("forms")
    void noFormWeighsLessThanTheHeapGrows(String name, int count, IntFunction<Object> made) {
        // What others leave behind is collected meanwhile, and makes it look less.
        long grown = 0;
        long weighed = 0;
        for (int attempt = 0; attempt < 3; attempt++) {
            Object[] held = new Object[count];
            long before = HeapGrowth.used();
            for (int i = 0; i < count; i++) {
                held[i] = made.apply(i);
            }
            grown = Math.max(grown, HeapGrowth.used() - before);
            weighed = Weight.of(held);
        }
        long most = grown;
        long told = weighed;
        assertTrue(most > 1_000_000, () -> name + ": the heap has grown by only " + most);
        assertTrue(told * 1.2 >= most, () -> name + ": weighed " + told + ", grown by " + most);
    }
}
