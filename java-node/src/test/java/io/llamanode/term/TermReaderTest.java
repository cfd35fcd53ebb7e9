package io.llamanode.term;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.ericsson.otp.erlang.OtpErlangDecodeException;
import com.ericsson.otp.erlang.OtpErlangList;
import com.ericsson.otp.erlang.OtpErlangLong;
import com.ericsson.otp.erlang.OtpErlangMap;
import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpErlangTuple;
import com.ericsson.otp.erlang.OtpInputStream;
import com.ericsson.otp.erlang.OtpOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TermReaderTest {
    /** A key that whoever looks it up in a hash table is told of. */
    private static final class Unhashed extends OtpErlangLong {
        private static final long serialVersionUID = 1L;

        Unhashed(long value) {
            super(value);
        }

        @Override
        protected int doHashCode() {
            throw new AssertionError("a key was hashed");
        }
    }

    private static byte[] external(OtpErlangObject term) {
        OtpOutputStream out = new OtpOutputStream();
        out.write1(TermScanner.VERSION);
        out.write_any(term);
        return out.toByteArray();
    }

    private static OtpErlangObject read(byte[] external) throws OtpErlangDecodeException {
        return TermReader.read(external, 0, external.length);
    }

    private static OtpErlangObject random(Random random, int depth) {
        return switch (random.nextInt(depth == 0 ? 2 : 5)) {
            case 0 -> new OtpErlangLong(random.nextLong());
            case 1 -> Terms.text("t" + random.nextInt(50));
            case 2 -> new OtpErlangTuple(several(random, depth));
            case 3 -> new OtpErlangList(several(random, depth));
            default -> {
                OtpErlangObject[] values = several(random, depth);
                OtpErlangObject[] keys = new OtpErlangObject[values.length];
                for (int i = 0; i < keys.length; i++) {
                    keys[i] =
                            new OtpErlangTuple(new OtpErlangObject[] {new OtpErlangLong(i), random(random, depth - 1)});
                }
                yield new OtpErlangMap(keys, values);
            }
        };
    }

    private static OtpErlangObject[] several(Random random, int depth) {
        OtpErlangObject[] all = new OtpErlangObject[1 + random.nextInt(4)];
        for (int i = 0; i < all.length; i++) {
            all[i] = random(random, depth - 1);
        }
        return all;
    }

    @Test
    void readsWhatJInterfaceReadsAndWritesItAgain() throws Exception {
        Random random = new Random(14);
        for (int i = 0; i < 500; i++) {
            byte[] external = external(random(random, 4));
            OtpErlangObject expected;
            try (OtpInputStream in = new OtpInputStream(external)) {
                expected = in.read_any();
            }
            OtpErlangObject term = read(external);
            assertEquals(expected, term);
            assertEquals(term, expected);
            assertEquals(expected.hashCode(), term.hashCode());
            assertArrayEquals(external, external(term));
        }
    }

    /** In a hash table, keys made to share a hash take time by the square of their number. */
    @Test
    void hashesNoKeyOfAMapHoweverDeepItIs() throws Exception {
        OtpErlangObject[] keys = {new OtpErlangLong(1), new OtpErlangLong(2)};
        OtpErlangMap inner = new OtpErlangMap(keys, keys);
        OtpErlangObject term = read(external(
                new OtpErlangTuple(new OtpErlangObject[] {new OtpErlangList(new OtpErlangObject[] {inner}), inner})));
        OtpErlangTuple outer = (OtpErlangTuple) term;
        assertInstanceOf(TermMap.class, outer.elementAt(1));
        assertInstanceOf(TermMap.class, ((OtpErlangList) outer.elementAt(0)).elementAt(0));
        TermMap map = new TermMap(new OtpErlangObject[] {new Unhashed(1), new Unhashed(2)}, keys);
        List<OtpErlangObject> values = new ArrayList<>();
        for (Map.Entry<OtpErlangObject, OtpErlangObject> entry : map.entrySet()) {
            values.add(entry.getValue());
        }
        assertEquals(List.of(keys), values);
        assertEquals(keys[1], map.get(new OtpErlangLong(2)));
        assertArrayEquals(external(new OtpErlangMap(keys, keys)), external(map));
        assertEquals("#{1 => 1,2 => 2}", map.toString());
    }

    @Test
    void aMapIsItsPairsInAnyOrder() {
        OtpErlangObject one = new OtpErlangLong(1);
        OtpErlangObject two = new OtpErlangLong(2);
        TermMap map = new TermMap(new OtpErlangObject[] {one, two}, new OtpErlangObject[] {two, one});
        TermMap turned = new TermMap(new OtpErlangObject[] {two, one}, new OtpErlangObject[] {one, two});
        assertEquals(map, turned);
        assertEquals(map.hashCode(), turned.hashCode());
        assertNotEquals(map, new TermMap(new OtpErlangObject[] {one, two}, new OtpErlangObject[] {one, two}));
        assertNotEquals(map, new TermMap(new OtpErlangObject[] {one}, new OtpErlangObject[] {two}));
        assertNotEquals(map, one);
        assertNull(map.get(new OtpErlangLong(3)));
        assertEquals(2, map.arity());
        assertArrayEquals(new OtpErlangObject[] {one, two}, map.keys());
        assertArrayEquals(new OtpErlangObject[] {two, one}, map.values());
    }

    @Test
    void aMapDoesNotChange() {
        OtpErlangObject one = new OtpErlangLong(1);
        TermMap map = new TermMap(new OtpErlangObject[] {one}, new OtpErlangObject[] {one});
        assertThrows(UnsupportedOperationException.class, () -> map.put(one, one));
        assertThrows(UnsupportedOperationException.class, () -> map.remove(one));
        assertThrows(
                IllegalArgumentException.class, () -> new TermMap(new OtpErlangObject[] {one}, new OtpErlangObject[0]));
    }

    @Test
    void anEmptyMapIsOne() throws Exception {
        assertEquals(0, ((TermMap) read(external(new OtpErlangMap()))).arity());
    }
}
