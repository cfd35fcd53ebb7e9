package io.llamanode.llama.model;

import io.llamanode.gguf.GgufFile;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Adds to llama.cpp's reason what it leaves out: the key or the tensor that it is about. */
final class Refusals {

    private static final Map<String, String> KEYS = Map.of(
            "unknown tokenizer", "tokenizer.ggml.model",
            "unknown pre-tokenizer", "tokenizer.ggml.pre",
            "tokenizer merges", "tokenizer.ggml.merges",
            "tokenizer vocab", "tokenizer.ggml.tokens",
            "Byte token", "tokenizer.ggml.tokens",
            "invalid codepoint", "tokenizer.ggml.tokens",
            "token type count", "tokenizer.ggml.token_type_count",
            "basic_string", "tokenizer.ggml.tokens");

    private static final Set<String> ENDINGS =
            Set.of("weight", "bias", "scale", "scales", "input_scale", "lora_a", "lora_b");

    /** Of C++, of the system's calls, and of ggml's allocators. */
    private static final List<String> WANT_OF_MEMORY = List.of(
            "std::bad_alloc",
            "Cannot allocate memory",
            "insufficient memory",
            "failed to allocate",
            "unable to allocate",
            "failed to create ggml context");

    private Refusals() {}

    /**
     * {@return whether the library had no memory, rather than anything against the file}
     *
     * @param reason what it logged
     */
    static boolean wantOfMemory(String reason) {
        return WANT_OF_MEMORY.stream().anyMatch(reason::contains);
    }

    /**
     * {@return the reason, with what it is about}
     *
     * @param reason what the library logged
     * @param file what it refused
     */
    static String explained(String reason, GgufFile file) {
        for (Map.Entry<String, String> key : KEYS.entrySet()) {
            if (reason.contains(key.getKey()) && !reason.contains(key.getValue())) {
                return key.getValue() + ": " + reason;
            }
        }
        if (reason.contains("expansion factor")) {
            return file.architecture() + ".ssm.inner_size: " + reason;
        }
        return reason.contains("wrong number of tensors") ? reason + "; " + odd(file) : reason;
    }

    /** The library counts what is left over, and tells only that something is. */
    private static String odd(GgufFile file) {
        String names = file.tensors().keySet().stream()
                .filter(name -> name.matches("(?:\\w+\\.)?blk\\.\\d+\\..+\\..+|\\w+\\.\\w+")
                        && !ENDINGS.contains(name.substring(name.lastIndexOf('.') + 1)))
                .limit(3)
                .collect(Collectors.joining(", "));
        return names.isEmpty()
                ? "it has no use for one of them in a model of the architecture " + file.architecture()
                        + " (general.architecture)"
                : "it has no use for " + names;
    }
}
