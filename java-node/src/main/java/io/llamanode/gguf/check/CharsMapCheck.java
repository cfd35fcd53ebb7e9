package io.llamanode.gguf.check;

import static io.llamanode.gguf.check.ModelCheck.malformed;

import io.llamanode.gguf.GgufFile;
import io.llamanode.gguf.GgufValue;
import io.llamanode.gguf.GgufValueType;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.BitSet;

/**
 * Walks the automaton by which a Unigram tokenizer normalizes text. The library follows it wherever a text leads, and ends
 * the process where that is beyond its array or its replacements.
 *
 * <p>It is an XOR-compressed double array: a size, as many 32-bit nodes, then texts that end with a byte of zero. From a
 * state the next node is the state XOR the byte read; it counts if its lowest byte is that byte. The node's base XOR its
 * index is the next state, and the place of the replacement's offset if the node ends a prefix.
 */
final class CharsMapCheck {

    private static final String KEY = "tokenizer.ggml.precompiled_charsmap";
    private static final int MOST_BYTES = 4 << 20;
    private static final int CHECKED = 1 << 31 | 0xFF;
    private static final int LEAF = 1 << 8;
    private static final int OFFSET = Integer.MAX_VALUE;

    private final GgufFile file;
    private final int[] nodes;
    private final int replacements;

    private CharsMapCheck(GgufFile file, int[] nodes, int replacements) {
        this.file = file;
        this.nodes = nodes;
        this.replacements = replacements;
    }

    static void check(GgufFile file) {
        GgufValue value = file.metadata().get(KEY);
        if (value == null) {
            return;
        }
        if (!(value instanceof GgufValue.Array array)
                || array.elementType() != GgufValueType.INT8 && array.elementType() != GgufValueType.UINT8) {
            throw malformed(file, "has a " + KEY + " that is not an array of bytes");
        }
        ByteBuffer map = file.raw(KEY, MOST_BYTES)
                .orElseThrow(() -> malformed(file, "has a " + KEY + " of more than " + MOST_BYTES + " bytes"));
        if (map.limit() == 0) {
            return;
        }
        long size = map.limit() < Integer.BYTES ? Integer.MAX_VALUE : Integer.toUnsignedLong(map.getInt());
        if (size + Integer.BYTES >= map.limit() || map.get(map.limit() - 1) != 0) {
            throw malformed(file, "has a " + KEY + " that ends before its texts do");
        }
        int[] nodes = new int[(int) size / Integer.BYTES];
        map.asIntBuffer().get(nodes);
        new CharsMapCheck(file, nodes, map.limit() - Integer.BYTES - (int) size).walk();
    }

    private void walk() {
        if (nodes.length == 0) {
            return;
        }
        BitSet seen = new BitSet(nodes.length);
        ArrayDeque<Integer> states = new ArrayDeque<>();
        states.add(base(0));
        while (!states.isEmpty()) {
            int state = states.remove();
            for (int read = 1; read < 256; read++) {
                int node = state ^ read;
                if ((node(node) & CHECKED) == read && !seen.get(node)) {
                    seen.set(node);
                    int next = node ^ base(node);
                    if ((nodes[node] & LEAF) != 0 && (node(next) & OFFSET) >= replacements) {
                        throw beyond();
                    }
                    states.add(next);
                }
            }
        }
    }

    private int base(int node) {
        int packed = nodes[node];
        return packed >>> 10 << ((packed & 1 << 9) >>> 6);
    }

    private int node(int index) {
        if (index < 0 || index >= nodes.length) {
            throw beyond();
        }
        return nodes[index];
    }

    private RuntimeException beyond() {
        return malformed(file, "has a " + KEY + " that leads beyond its end; get the file anew or convert it again");
    }
}
