package io.llamanode.gguf;

import static io.llamanode.gguf.GgufException.Reason.MALFORMED;
import static io.llamanode.gguf.GgufException.Reason.MISSING;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/**
 * Reads the headers of a model that is split into several files, as {@code llama-gguf-split} writes them. Refuses what
 * llama.cpp refuses, before it is asked, in words that name the file.
 */
final class GgufShards {

    private static final String COUNT = "split.count";
    private static final String NUMBER = "split.no";
    private static final String TENSORS = "split.tensors.count";
    private static final int MOST = 99_999; // Names have five digits.

    private GgufShards() {}

    static GgufFile read(Path path) {
        GgufFile first = GgufFile.read(path);
        long count = first.integer(COUNT).orElse(0);
        if (count <= 1) {
            return first;
        }
        if (count > MOST) {
            throw new GgufException(MALFORMED, path + " claims to be one of " + count + " shards");
        }
        long number = first.integer(NUMBER).orElse(0);
        String name = String.valueOf(path.getFileName());
        if (number != 0) {
            String own = suffix(number, count);
            String wanted = name.endsWith(own)
                    ? "give " + path.resolveSibling(prefix(name, own) + suffix(0, count))
                    : "give the file whose name ends in " + suffix(0, count);
            throw new GgufException(
                    MALFORMED,
                    path + " is shard " + (number + 1) + " of " + count + ", and a model is loaded by its first; "
                            + wanted);
        }
        String own = suffix(0, count);
        if (!name.endsWith(own)) {
            throw new GgufException(
                    MALFORMED,
                    path + " is shard 1 of " + count + ", and its name must end in " + own
                            + " so that the others can be found");
        }
        return joined(first, prefix(name, own), count);
    }

    private static GgufFile joined(GgufFile first, String prefix, long count) {
        Map<String, GgufTensor> tensors = new LinkedHashMap<>(first.tensors());
        List<GgufFile.Part> parts = new ArrayList<>(first.parts());
        long bytes = first.fileBytes();
        for (long i = 1; i < count; i++) {
            Path path = first.path().resolveSibling(prefix + suffix(i, count));
            if (!Files.isRegularFile(path)) {
                throw new GgufException(
                        MISSING, first.path() + " is shard 1 of " + count + ", and " + path + " does not exist");
            }
            GgufFile shard = GgufFile.read(path);
            OptionalLong number = shard.integer(NUMBER);
            if (number.orElse(-1) != i) {
                throw new GgufException(
                        MALFORMED,
                        path + " is not shard " + (i + 1) + " of " + count + ": its " + NUMBER + " is "
                                + (number.isPresent() ? number.getAsLong() : "absent"));
            }
            for (GgufTensor tensor : shard.tensors().values()) {
                if (tensors.put(tensor.name(), tensor) != null) {
                    throw new GgufException(
                            MALFORMED, path + " has the tensor " + tensor.name() + ", as a shard before it has");
                }
            }
            bytes += shard.fileBytes();
            parts.addAll(shard.parts());
        }
        long expected = first.integer(TENSORS).orElse(tensors.size());
        if (expected != tensors.size()) {
            throw new GgufException(
                    MALFORMED,
                    first.path() + " and its shards have " + tensors.size() + " tensors instead of " + expected);
        }
        return first.with(tensors, bytes, parts);
    }

    /** @param number from 0 */
    private static String suffix(long number, long count) {
        return "-%05d-of-%05d.gguf".formatted(number + 1, count);
    }

    private static String prefix(String name, String suffix) {
        return name.substring(0, name.length() - suffix.length());
    }
}
