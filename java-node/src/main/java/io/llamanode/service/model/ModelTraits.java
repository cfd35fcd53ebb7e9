package io.llamanode.service.model;

import io.llamanode.gguf.GgufFile;
import io.llamanode.service.contract.Capability;
import io.llamanode.service.contract.task.TaskInput.Pooling;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * What the header of a model's file says about its kind, read without loading anything.
 *
 * <p>Never changes: for any thread.
 *
 * @param structure of the network
 * @param pooling of embeddings where a request does not say
 * @param capabilities what can be asked of it
 */
public record ModelTraits(Structure structure, Pooling pooling, Set<Capability> capabilities) {
    /** Which way attention goes. */
    enum Structure {
        /** Each token sees those before it: generates. */
        DECODER,
        /** Each token sees all, computed by {@code llama_decode}: BERT and its kin. */
        BIDIRECTIONAL,
        /** Each token sees all, computed by {@code llama_encode}: the encoder of T5. */
        ENCODER,
        /** The encoder reads the prompt, the decoder generates: T5. */
        ENCODER_DECODER,
        /** Only a vocabulary. */
        NONE
    }

    private static final Set<String> BIDIRECTIONAL = Set.of(
            "bert",
            "modern-bert",
            "neo-bert",
            "nomic-bert",
            "nomic-bert-moe",
            "jina-bert-v2",
            "jina-bert-v3",
            "eurobert",
            "gemma-embedding");

    /** Of {@code enum llama_pooling_type}. */
    private static final int CLS = 2;

    private static final int LAST = 3;

    private static final int RANK = 4;

    private static final List<String> PREFIX_KEYS =
            List.of("tokenizer.ggml.fim_pre_token_id", "tokenizer.ggml.prefix_token_id");
    /** Prefix tokens that llama.cpp recognises by their text where no key names one. */
    private static final Set<String> PREFIX_TOKENS = Set.of(
            "<|fim_prefix|>",
            "<fim-prefix>",
            "<fim_prefix>",
            "<\uff5cfim\u2581begin\uff5c>",
            "<PRE>",
            "\u2581<PRE>",
            "<|code_prefix|>");

    /** Bytes of the longest of them, so that no text is made of the others. */
    private static final int LONGEST_PREFIX = PREFIX_TOKENS.stream()
            .mapToInt(text -> text.getBytes(StandardCharsets.UTF_8).length)
            .max()
            .orElse(0);

    /**
     * Derives from a file's metadata what its model can do.
     *
     * @param file a header
     * @param vocabOnly whether nothing but the vocabulary is to be loaded
     * @return what it says
     */
    public static ModelTraits of(GgufFile file, boolean vocabOnly) {
        Structure structure = vocabOnly ? Structure.NONE : structure(file);
        long code = file.parameter("pooling_type").orElse(0);
        Set<Capability> capabilities = EnumSet.noneOf(Capability.class);
        if (!file.text("tokenizer.ggml.model").orElse("none").matches("none|no_vocab")) {
            capabilities.add(Capability.TOKENIZE);
        }
        if (structure == Structure.DECODER || structure == Structure.ENCODER_DECODER) {
            capabilities.add(Capability.COMPLETION);
            if (!file.text("tokenizer.chat_template").orElse("").isBlank()) {
                capabilities.add(Capability.CHAT);
            }
        }
        if (structure == Structure.DECODER && hasInfillTokens(file)) {
            capabilities.add(Capability.INFILL);
        }
        if (structure == Structure.DECODER || structure == Structure.BIDIRECTIONAL || structure == Structure.ENCODER) {
            capabilities.add(Capability.EMBEDDING);
        }
        if (structure == Structure.BIDIRECTIONAL && code == RANK && hasRankHead(file)) {
            capabilities.add(Capability.RERANK);
        }
        return new ModelTraits(structure, pooling(code), capabilities);
    }

    private static Structure structure(GgufFile file) {
        String architecture = file.architecture();
        if (file.tensors().isEmpty()) {
            return Structure.NONE;
        }
        if (architecture.equals("t5")) {
            return Structure.ENCODER_DECODER;
        }
        if (architecture.equals("t5encoder")) {
            return Structure.ENCODER;
        }
        boolean causal = file.bool(architecture + ".attention.causal").orElse(!BIDIRECTIONAL.contains(architecture));
        return causal ? Structure.DECODER : Structure.BIDIRECTIONAL;
    }

    /** Where the model has no opinion, generators among them, the mean is what keeps most of a text. */
    private static Pooling pooling(long code) {
        if (code == CLS || code == RANK) {
            return Pooling.CLS;
        }
        return code == LAST ? Pooling.LAST : Pooling.MEAN;
    }

    /** Without a whole layer, b4916 aborts when it is to score. */
    private static boolean hasRankHead(GgufFile file) {
        Set<String> names = file.tensors().keySet();
        return names.containsAll(List.of("cls.weight", "cls.bias"))
                        && names.contains("cls.output.weight") == names.contains("cls.output.bias")
                || names.containsAll(List.of("cls.output.weight", "cls.output.bias"));
    }

    private static boolean hasInfillTokens(GgufFile file) {
        return PREFIX_KEYS.stream().anyMatch(key -> file.integer(key).isPresent()) || hasToken(file, PREFIX_TOKENS);
    }

    private static boolean hasToken(GgufFile file, Set<String> texts) {
        boolean[] found = new boolean[1];
        file.visitTexts("tokenizer.ggml.tokens", (_, bytes, length) -> {
            found[0] = length <= LONGEST_PREFIX && texts.contains(new String(bytes, 0, length, StandardCharsets.UTF_8));
            return !found[0];
        });
        return found[0];
    }

    boolean can(Capability capability) {
        return capabilities.contains(capability);
    }

    boolean generates() {
        return can(Capability.COMPLETION);
    }
}
