package io.llamanode.gguf.check;

import static io.llamanode.gguf.check.ModelCheck.malformed;

import io.llamanode.gguf.GgufFile;
import io.llamanode.gguf.GgufValue;
import io.llamanode.gguf.GgufValueType;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/** Looks at a vocabulary: texts, scores and types of its tokens, and the tokens that stand for something. */
final class VocabularyCheck {

    /** More than any vocabulary has, and few enough to be looked at in a small heap. */
    static final int MOST_TOKENS = 1 << 21;

    private static final String MODEL = "tokenizer.ggml.model";
    private static final String TOKENS = "tokenizer.ggml.tokens";
    private static final String MERGES = "tokenizer.ggml.merges";
    private static final String SCORES = "tokenizer.ggml.scores";
    private static final String TYPES = "tokenizer.ggml.token_type";
    private static final int BYTE = 6;
    private static final String BOS = "tokenizer.ggml.bos_token_id";
    private static final String EOS = "tokenizer.ggml.eos_token_id";
    private static final String UNKNOWN = "tokenizer.ggml.unknown_token_id";

    /**
     * Tokens of each kind of tokenizer that the library takes where a file names none, or one beyond its tokens, and which
     * older releases look up without a look whether they are there.
     */
    private static final Map<String, Map<String, Integer>> DEFAULTS = Map.of(
            "llama", Map.of(BOS, 1, EOS, 2, UNKNOWN, 0),
            "gpt2", Map.of(BOS, 11, EOS, 11),
            "t5", Map.of(EOS, 1, UNKNOWN, 2),
            "bert",
                    Map.of(
                            BOS,
                            101,
                            UNKNOWN,
                            100,
                            "tokenizer.ggml.seperator_token_id",
                            102,
                            "tokenizer.ggml.padding_token_id",
                            0,
                            "tokenizer.ggml.mask_token_id",
                            103));

    private final GgufFile file;

    private VocabularyCheck(GgufFile file) {
        this.file = file;
    }

    static void check(GgufFile file) {
        new VocabularyCheck(file).check();
    }

    private void check() {
        Optional<GgufValue.Array> tokens = array(TOKENS, GgufValueType.STRING);
        array(MERGES, GgufValueType.STRING);
        Optional<GgufValue.Array> scores = array(SCORES, GgufValueType.FLOAT32);
        Optional<GgufValue.Array> types = array(TYPES, GgufValueType.INT32);
        String model = file.text(MODEL).orElse("");
        if (tokens.isEmpty()) {
            return;
        }
        long count = tokens.get().count();
        if (count > MOST_TOKENS) {
            throw malformed(file, "has " + count + " " + TOKENS + "; at most " + MOST_TOKENS + " are taken");
        }
        sameCount(SCORES, scores, count);
        sameCount(TYPES, types, count);
        scores();
        if (model.equals("bert")) {
            types();
        }
        TokenTexts texts = TokenTexts.read(file, TOKENS, (int) count);
        if (model.equals("llama")) {
            bytes(texts);
        }
        if (model.equals("rwkv") && !texts.hasLineBreak()) {
            throw malformed(file, "has no token for a line break in " + TOKENS + ", without which it cannot be loaded");
        }
        special(model, count);
        decoderStart(count);
        if (model.equals("t5")) {
            CharsMapCheck.check(file);
        }
    }

    private void scores() {
        file.raw(SCORES, MOST_TOKENS * Float.BYTES).ifPresent(scores -> {
            for (int i = 0; scores.hasRemaining(); i++) {
                if (Float.isNaN(scores.getFloat())) {
                    throw malformed(file, "has a score that is no number for token " + i + " in " + SCORES);
                }
            }
        });
    }

    /** Words have no bytes to fall back to, and the library asks for none of a token that is called one. */
    private void types() {
        int[] types = file.ints(TYPES);
        for (int i = 0; i < types.length; i++) {
            if (types[i] == BYTE) {
                throw malformed(
                        file, "calls token " + i + " a byte in " + TYPES + ", which " + MODEL + " bert has not");
            }
        }
    }

    /** SentencePiece falls back to bytes; where one is missing, a text that needs it would end the process. */
    private void bytes(TokenTexts texts) {
        OptionalLong missing = texts.missingByte();
        if (missing.isPresent()) {
            throw malformed(
                    file,
                    "has no token for the byte 0x%02X in %s, without which not every text can be tokenized"
                            .formatted(missing.getAsLong(), TOKENS));
        }
    }

    private void special(String model, long count) {
        DEFAULTS.getOrDefault(model, Map.of()).forEach((key, otherwise) -> {
            long named = file.integer(key).orElse(-1);
            boolean usable = named >= 0 && named < count;
            if (!usable && otherwise >= count) {
                throw malformed(
                        file,
                        (file.integer(key).isPresent() ? "has " + named + " as " + key : "names no " + key)
                                + ", and the " + otherwise + " that stands for none is beyond its " + count + " tokens"
                                + "; name one");
            }
        });
    }

    private void decoderStart(long count) {
        String key = "decoder_start_token_id";
        file.parameter(key).ifPresent(start -> {
            if (start < 0 || start >= count) {
                throw malformed(
                        file,
                        "has " + start + " as " + file.architecture() + "." + key + ", which is beyond its " + count
                                + " tokens");
            }
        });
    }

    private Optional<GgufValue.Array> array(String key, GgufValueType type) {
        return switch (file.metadata().get(key)) {
            case null -> Optional.empty();
            case GgufValue.Array array when array.elementType() == type -> Optional.of(array);
            default -> throw malformed(file, "has a " + key + " that is not an array of " + type);
        };
    }

    private void sameCount(String key, Optional<GgufValue.Array> array, long count) {
        if (array.isPresent() && array.get().count() != count) {
            throw malformed(file, "has " + array.get().count() + " elements in " + key + " for " + count + " tokens");
        }
    }
}
