package io.llamanode.fuzz;

import io.llamanode.gguf.GgmlType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** Changes one to three things of a file, most of them so that the library would get to see them. */
final class Mutator {
    private static final long[] NUMBERS = {
        0,
        1,
        2,
        3,
        5,
        7,
        8,
        15,
        17,
        31,
        63,
        65,
        127,
        255,
        256,
        511,
        513,
        1023,
        4096,
        65_535,
        1 << 20,
        1 << 24,
        Integer.MAX_VALUE,
        0x8000_0000L,
        0xFFFF_FFFFL,
        Long.MAX_VALUE,
        -1,
        -2
    };
    private static final float[] REALS = {
        Float.NaN,
        Float.POSITIVE_INFINITY,
        Float.NEGATIVE_INFINITY,
        0,
        -0.0f,
        -1,
        -1e-5f,
        1e-30f,
        1e-5f,
        1,
        2,
        1e10f,
        3e38f,
        -3e38f
    };
    private static final List<String> TEXTS = List.of(
            "",
            "none",
            "no_vocab",
            "llama",
            "gpt2",
            "bert",
            "t5",
            "rwkv",
            "default",
            "qwen2",
            "yarn",
            "longrope",
            "linear",
            "xx",
            "\u0000",
            "a\u0000b",
            "\u00ff\u00fe",
            "<0x0A>",
            "[EMPTY_7]",
            "<unk>",
            "%s%n",
            "mamba",
            "falcon",
            "gemma2",
            "mpt");

    private final SplittableRandom random;
    private final GgufImage image;
    private final StringBuilder done = new StringBuilder();

    private Mutator(GgufImage image, long seed) {
        this.image = image;
        this.random = new SplittableRandom(seed);
    }

    /** A changed file, and what was changed. */
    record Mutant(byte[] bytes, String what) {}

    static Mutant of(byte[] sound, long seed) {
        Mutator mutator = new Mutator(GgufImage.parse(sound), seed);
        return mutator.mutate();
    }

    private Mutant mutate() {
        int changes = 1 + random.nextInt(10) / 7 + random.nextInt(10) / 9;
        for (int i = 0; i < changes; i++) {
            change();
        }
        byte[] bytes = image.bytes();
        if (random.nextInt(40) == 0) {
            int at = random.nextInt(bytes.length);
            bytes = Arrays.copyOf(bytes, at);
            note("cut at " + at);
        }
        if (random.nextInt(20) == 0 && bytes.length > 0) {
            int within = Math.min(bytes.length, 16_384);
            int at = random.nextInt(within);
            bytes[at] ^= (byte) (1 << random.nextInt(8));
            note("a bit of byte " + at);
        }
        return new Mutant(bytes, done.toString());
    }

    private void note(String what) {
        done.append(done.isEmpty() ? "" : "; ").append(what);
    }

    private <T> T any(List<T> list) {
        return list.get(random.nextInt(list.size()));
    }

    private void change() {
        if (image.values.isEmpty() || image.tensors.isEmpty()) {
            return;
        }
        GgufImage.Value value = any(image.values);
        GgufImage.Tensor tensor = any(image.tensors);
        switch (random.nextInt(24)) {
            case 0, 1, 2, 3, 4, 5, 6, 7, 8 -> content(value);
            case 9 -> retype(value);
            case 10 -> {
                note("without " + value.key);
                image.values.remove(value);
            }
            case 11 -> {
                String key = random.nextInt(2) == 0 ? value.key + "x" : any(image.values).key;
                note(value.key + " renamed to " + key);
                value.key = key;
            }
            case 12 -> add();
            case 13, 14 -> shape(tensor);
            case 15, 16, 17 -> type(tensor);
            case 18 -> {
                note("without tensor " + tensor.name);
                image.tensors.remove(tensor);
            }
            case 19 -> {
                String name = random.nextInt(2) == 0 ? tensor.name + "x" : any(image.tensors).name;
                note("tensor " + tensor.name + " renamed to " + name);
                tensor.name = name;
            }
            case 20 -> {
                tensor.shift = NUMBERS[random.nextInt(NUMBERS.length)];
                note("tensor " + tensor.name + " moved by " + tensor.shift);
            }
            case 21, 22 -> weights(tensor);
            default -> counts();
        }
    }

    private void content(GgufImage.Value value) {
        switch (value.type) {
            case GgufImage.STRING -> {
                String text = random.nextInt(3) == 0 ? letters() : any(TEXTS);
                value.bytes = text(text);
                note(value.key + " = '" + text + "'");
            }
            case GgufImage.ARRAY -> array(value);
            case 6 -> {
                float real = REALS[random.nextInt(REALS.length)];
                value.buffer().putFloat(0, real);
                note(value.key + " = " + real);
            }
            default -> {
                long old = number(value);
                long number = switch (random.nextInt(4)) {
                    case 0 -> old + random.nextInt(-3, 4);
                    case 1 -> random.nextBoolean() ? old * 2 : old / 2;
                    default -> NUMBERS[random.nextInt(NUMBERS.length)];
                };
                put(value, number);
                note(value.key + " = " + number);
            }
        }
    }

    private String letters() {
        StringBuilder text = new StringBuilder();
        int length = random.nextInt(200);
        for (int i = 0; i < length; i++) {
            text.append((char) random.nextInt(256));
        }
        return text.toString();
    }

    private static byte[] text(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        return ByteBuffer.allocate(8 + bytes.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(bytes.length)
                .put(bytes)
                .array();
    }

    private static long number(GgufImage.Value value) {
        long number = 0;
        for (int i = 0; i < value.bytes.length; i++) {
            number |= (value.bytes[i] & 0xFFL) << 8 * i;
        }
        return number;
    }

    private static void put(GgufImage.Value value, long number) {
        for (int i = 0; i < value.bytes.length; i++) {
            value.bytes[i] = (byte) (number >>> 8 * i);
        }
    }

    private void retype(GgufImage.Value value) {
        int type = random.nextInt(14);
        note(value.key + " of type " + type);
        if (type == GgufImage.STRING) {
            value.bytes = text("x");
        } else if (type == GgufImage.ARRAY) {
            int element = random.nextInt(13);
            int count = random.nextInt(6);
            byte[] one = element == GgufImage.STRING ? text("1") : new byte[GgufImage.size(element)];
            ByteBuffer out = ByteBuffer.allocate(12 + count * one.length).order(ByteOrder.LITTLE_ENDIAN);
            out.putInt(element).putLong(count);
            for (int i = 0; i < count; i++) {
                out.put(one);
            }
            value.bytes = out.array();
        } else if (value.type != GgufImage.STRING && value.type != GgufImage.ARRAY) {
            value.bytes = Arrays.copyOf(value.bytes, GgufImage.size(type));
        } else {
            value.bytes = new byte[GgufImage.size(type)];
        }
        value.type = type;
    }

    private void array(GgufImage.Value value) {
        ByteBuffer in = value.buffer();
        int element = in.getInt();
        int count = (int) in.getLong();
        int at = count == 0 ? 0 : random.nextInt(count);
        if (element == GgufImage.STRING) {
            texts(value, count, at);
            return;
        }
        int size = GgufImage.size(element);
        if (size == 0) {
            return;
        }
        switch (random.nextInt(4)) {
            case 0 -> {
                int shorter = at;
                value.bytes = Arrays.copyOf(value.bytes, 12 + shorter * size);
                value.buffer().putLong(4, shorter);
                note(value.key + " cut to " + shorter);
            }
            case 1 -> {
                value.bytes = Arrays.copyOf(value.bytes, value.bytes.length + size);
                value.buffer().putLong(4, count + 1L);
                note(value.key + " one longer");
            }
            default -> {
                if (count > 0) {
                    if (element == 6) {
                        value.buffer().putFloat(12 + at * size, REALS[random.nextInt(REALS.length)]);
                    } else {
                        long number = NUMBERS[random.nextInt(NUMBERS.length)];
                        for (int i = 0; i < size; i++) {
                            value.bytes[12 + at * size + i] = (byte) (number >>> 8 * i);
                        }
                    }
                    note(value.key + " element " + at);
                }
            }
        }
    }

    private void texts(GgufImage.Value value, int count, int at) {
        ByteBuffer in = value.buffer().position(12);
        String[] texts = new String[count];
        for (int i = 0; i < count; i++) {
            byte[] bytes = new byte[(int) in.getLong()];
            in.get(bytes);
            texts[i] = new String(bytes, StandardCharsets.ISO_8859_1);
        }
        if (count > 0) {
            switch (random.nextInt(5)) {
                case 0 -> texts = Arrays.copyOf(texts, at);
                case 1 -> texts[at] = texts[random.nextInt(count)];
                case 2 -> texts[at] = any(TEXTS);
                case 3 -> texts[at] += "\u0000x";
                default -> texts[at] = letters();
            }
        }
        ByteBuffer out = ByteBuffer.allocate(
                        12 + Arrays.stream(texts).mapToInt(t -> 8 + t.length()).sum())
                .order(ByteOrder.LITTLE_ENDIAN);
        out.putInt(GgufImage.STRING).putLong(texts.length);
        for (String text : texts) {
            out.put(text(text));
        }
        value.bytes = out.array();
        note(value.key + " text " + at + " of " + texts.length);
    }

    /** A key that the architecture may read and the file has not. */
    private void add() {
        String architecture = image.values.stream()
                .filter(value -> value.key.equals("general.architecture"))
                .map(value -> new String(value.bytes, 8, value.bytes.length - 8, StandardCharsets.ISO_8859_1))
                .findFirst()
                .orElse("llama");
        String key = (random.nextInt(4) == 0 ? "" : architecture + ".") + any(MoreKeys.ALL);
        int kind = random.nextInt(3);
        GgufImage.Value value = new GgufImage.Value(key, kind == 0 ? 6 : 4, new byte[4]);
        if (kind == 2) {
            value = new GgufImage.Value(key, GgufImage.ARRAY, new byte[0]);
            retype(value);
            if (value.type == GgufImage.ARRAY) {
                array(value);
            }
        } else {
            content(value);
        }
        image.values.add(value);
        note("added " + key);
    }

    private void shape(GgufImage.Tensor tensor) {
        int d = tensor.dims.length == 0 ? 0 : random.nextInt(tensor.dims.length);
        switch (random.nextInt(5)) {
            case 0 -> tensor.dims = Arrays.copyOf(tensor.dims, Math.max(0, tensor.dims.length - 1));
            case 1 -> {
                tensor.dims = Arrays.copyOf(tensor.dims, tensor.dims.length + 1);
                tensor.dims[tensor.dims.length - 1] = 1 + random.nextInt(3);
            }
            case 2 -> {
                if (tensor.dims.length > 1) {
                    long first = tensor.dims[0];
                    tensor.dims[0] = tensor.dims[1];
                    tensor.dims[1] = first;
                }
            }
            default -> {
                if (tensor.dims.length > 0) {
                    tensor.dims[d] = random.nextBoolean()
                            ? tensor.dims[d] + random.nextInt(-2, 3)
                            : NUMBERS[random.nextInt(NUMBERS.length)];
                }
            }
        }
        note("tensor " + tensor.name + " of shape " + Arrays.toString(tensor.dims));
        resize(tensor);
    }

    private void type(GgufImage.Tensor tensor) {
        tensor.type = random.nextInt(20) == 0
                ? random.nextInt(50)
                : GgmlType.values()[random.nextInt(GgmlType.values().length)].id();
        note("tensor " + tensor.name + " of type " + tensor.type);
        resize(tensor);
    }

    /** Gives a tensor as many bytes as it says, where that is a sane number, so that what is wrong is only what was changed. */
    private static void resize(GgufImage.Tensor tensor) {
        GgmlType type = GgmlType.of(tensor.type).orElse(GgmlType.I8);
        long elements = 1;
        for (long dim : tensor.dims) {
            elements = dim > 0 && elements <= 1 << 22 && dim <= 1 << 22 ? elements * dim : 1 << 23;
        }
        long bytes = elements / type.blockElements() * type.blockBytes();
        if (bytes <= 1 << 22) {
            tensor.data = Arrays.copyOf(tensor.data, (int) bytes);
        }
    }

    private void weights(GgufImage.Tensor tensor) {
        int count = tensor.data.length / 4;
        if (count == 0) {
            return;
        }
        ByteBuffer data = ByteBuffer.wrap(tensor.data).order(ByteOrder.LITTLE_ENDIAN);
        float real = REALS[random.nextInt(REALS.length)];
        int at = random.nextInt(count);
        if (random.nextInt(3) == 0) {
            for (int i = 0; i < count; i++) {
                data.putFloat(4 * i, real);
            }
            note("all weights of " + tensor.name + " = " + real);
        } else {
            data.putFloat(4 * at, real);
            note("weight " + at + " of " + tensor.name + " = " + real);
        }
    }

    private void counts() {
        switch (random.nextInt(3)) {
            case 0 -> image.moreValues = random.nextInt(-2, 3);
            case 1 -> image.moreTensors = random.nextInt(-2, 3);
            default -> image.version = random.nextInt(5);
        }
        note("counts " + image.moreValues + ", " + image.moreTensors + ", version " + image.version);
    }
}
