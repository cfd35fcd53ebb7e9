package io.llamanode.llama.model;

import io.llamanode.gguf.GgufException;
import io.llamanode.gguf.GgufFile;
import io.llamanode.gguf.GgufValue;
import io.llamanode.gguf.GgufValueType;
import io.llamanode.llama.ModelLoadException;
import io.llamanode.llama.ModelLoadException.Reason;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/** Refuses the files whose metadata llama.cpp would answer with an abort or a read beyond an array. */
final class ModelFileCheck {

    private static final String TOKENS = "tokenizer.ggml.tokens";
    private static final int BYTES = 256;
    private static final int ASCII = 128;

    private final Path path;
    private final GgufFile file;
    private final int maxExperts;

    private ModelFileCheck(Path path, GgufFile file, int maxExperts) {
        this.path = path;
        this.file = file;
        this.maxExperts = maxExperts;
    }

    static GgufFile check(Path path, boolean vocabOnly, int maxExperts) {
        GgufFile file;
        try {
            file = GgufFile.readModel(path);
        } catch (GgufException e) {
            throw new ModelLoadException(reason(e.reason()), e.getMessage(), e);
        }
        new ModelFileCheck(path, file, maxExperts).check(vocabOnly);
        return file;
    }

    static Reason reason(GgufException.Reason reason) {
        return switch (reason) {
            case MISSING -> Reason.MISSING;
            case UNREADABLE -> Reason.UNREADABLE;
            case EMPTY -> Reason.EMPTY;
            case NOT_GGUF, UNSUPPORTED_VERSION -> Reason.NOT_GGUF;
            case TRUNCATED -> Reason.TRUNCATED;
            case MALFORMED -> Reason.MALFORMED;
        };
    }

    private void check(boolean vocabOnly) {
        if (file.architecture().isBlank()) {
            throw malformed("has no general.architecture");
        }
        if (!vocabOnly && file.tensors().isEmpty()) {
            throw malformed("holds no tensors, only a vocabulary");
        }
        experts();
        Optional<GgufValue.Array> tokens = array(TOKENS, GgufValueType.STRING);
        array("tokenizer.ggml.merges", GgufValueType.STRING);
        Optional<GgufValue.Array> scores = array("tokenizer.ggml.scores", GgufValueType.FLOAT32);
        Optional<GgufValue.Array> types = array("tokenizer.ggml.token_type", GgufValueType.INT32);
        if (tokens.isEmpty()) {
            return;
        }
        sameCount("tokenizer.ggml.scores", scores, tokens.get().count());
        sameCount("tokenizer.ggml.token_type", types, tokens.get().count());
        Set<String> seen = new HashSet<>();
        for (String token : file.strings(TOKENS)) {
            if (!token.isEmpty() && !seen.add(token)) {
                throw malformed("has the token \"" + token + "\" twice");
            }
        }
        if (file.text("tokenizer.ggml.model").orElse("").equals("llama")) {
            bytes(seen);
        }
    }

    /** SentencePiece falls back to bytes; where one is missing, a text that needs it would end the process. */
    private void bytes(Set<String> tokens) {
        for (int b = 0; b < BYTES; b++) {
            boolean spelled = b < ASCII && tokens.contains(String.valueOf((char) b));
            if (!spelled && !tokens.contains("<0x%02X>".formatted(b))) {
                throw malformed(
                        "has no token for the byte 0x%02X, without which not every text can be tokenized".formatted(b));
            }
        }
    }

    private void experts() {
        OptionalLong experts = file.parameter("expert_count");
        long count = experts.orElse(0);
        long used = file.parameter("expert_used_count").orElse(0);
        boolean sane = count == 0 ? used == 0 : count <= maxExperts && used >= 1 && used <= count;
        if (count < 0 || !sane) {
            throw malformed("uses " + used + " of " + count + " experts");
        }
    }

    private Optional<GgufValue.Array> array(String key, GgufValueType type) {
        return switch (file.metadata().get(key)) {
            case null -> Optional.empty();
            case GgufValue.Array array when array.elementType() == type -> Optional.of(array);
            default -> throw malformed("has a " + key + " that is not an array of " + type);
        };
    }

    private void sameCount(String key, Optional<GgufValue.Array> array, long count) {
        if (array.isPresent() && array.get().count() != count) {
            throw malformed("has " + array.get().count() + " elements in " + key + " for " + count + " tokens");
        }
    }

    private ModelLoadException malformed(String what) {
        return new ModelLoadException(Reason.MALFORMED, path + " " + what);
    }
}
