package io.llamanode.gguf.check;

import static io.llamanode.gguf.check.ModelCheck.malformed;

import io.llamanode.gguf.GgufFile;

/** Looks at the numbers and lengths of attention heads, which llama.cpp divides by and compares with each other. */
final class HeadCheck {

    private static final String HEADS = "attention.head_count";
    private static final String HEADS_KV = "attention.head_count_kv";
    private static final String KEY = "attention.key_length";
    private static final String VALUE = "attention.value_length";
    private static final String TURNED = "rope.dimension_count";
    private static final String SECTIONS = "rope.dimension_sections";

    private final GgufFile file;
    private final String architecture;

    private HeadCheck(GgufFile file) {
        this.file = file;
        this.architecture = file.architecture();
    }

    static void check(GgufFile file) {
        new HeadCheck(file).check();
    }

    private void check() {
        long width = file.parameter("embedding_length").orElse(0);
        long[] heads = perLayer(HEADS);
        if (width == 0 || heads.length == 0 || heads[0] == 0) {
            return; // No attention, or what the library misses by name.
        }
        groups(heads, perLayer(HEADS_KV));
        long key = length(KEY, width, heads[0]);
        long value = length(VALUE, width, heads[0]);
        if (Architectures.EQUAL_LENGTHS.contains(architecture) && key != value) {
            throw malformed(
                    file,
                    "has keys of " + key + " and values of " + value + " elements (" + full(KEY) + ", " + full(VALUE)
                            + "), which must be the same for a " + architecture);
        }
        if (!Architectures.NO_ROTATION.contains(architecture)) {
            rotation(key);
        }
    }

    private void groups(long[] heads, long[] groups) {
        boolean alike = Architectures.EQUAL_LENGTHS.contains(architecture)
                && !Architectures.LAYERS_DIFFER.contains(architecture);
        for (int layer = 0; layer < Math.max(heads.length, groups.length); layer++) {
            long n = heads[Math.min(layer, heads.length - 1)];
            long kv = groups.length == 0 ? n : groups[Math.min(layer, groups.length - 1)];
            if (kv > 0 && n % kv != 0) {
                throw malformed(
                        file,
                        "has " + n + " heads (" + full(HEADS) + ") that cannot share " + kv + " of keys and values ("
                                + full(HEADS_KV) + ") evenly");
            }
            if (alike && (n != heads[0] || kv != (groups.length == 0 ? n : groups[0]))) {
                throw malformed(
                        file,
                        "has layers with different numbers of heads (" + full(HEADS) + ", " + full(HEADS_KV)
                                + "), which a " + architecture + " has not");
            }
            if (alike && kv == 0) {
                throw malformed(file, "has no heads of keys and values (" + full(HEADS_KV) + ")");
            }
        }
    }

    private long length(String key, long width, long heads) {
        return file.parameter(key).orElseGet(() -> {
            if (width % heads != 0) {
                throw malformed(
                        file,
                        "has a " + full("embedding_length") + " of " + width + " that is no multiple of its " + heads
                                + " heads (" + full(HEADS) + "), and no " + full(key));
            }
            return width / heads;
        });
    }

    private void rotation(long head) {
        long turned = file.parameter(TURNED).orElse(head);
        boolean whole = Architectures.WHOLE_HEADS_TURN.contains(architecture);
        if (turned % 2 != 0 || turned > head || whole && turned != head) {
            throw malformed(
                    file,
                    "turns " + turned + " elements (" + full(TURNED) + ") of heads of " + head + "; it must be "
                            + (whole ? "all of an even number" : "an even number of them"));
        }
        int[] sections = file.ints(full(SECTIONS));
        long sum = 0;
        for (int section : sections) {
            sum = section < 0 ? Long.MAX_VALUE / 2 : sum + section;
        }
        if (sections.length > 0 && (sum < 1 || sum > head)) {
            throw malformed(
                    file,
                    "has a " + full(SECTIONS) + " whose sum is not from 1 to the " + head + " elements of a head");
        }
    }

    private long[] perLayer(String key) {
        int[] array = file.ints(full(key));
        if (array.length == 0) {
            return file.parameter(key).stream().toArray();
        }
        long[] values = new long[array.length];
        for (int i = 0; i < array.length; i++) {
            values[i] = Integer.toUnsignedLong(array[i]);
        }
        return values;
    }

    private String full(String key) {
        return architecture + "." + key;
    }
}
