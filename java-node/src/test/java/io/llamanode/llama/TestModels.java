package io.llamanode.llama;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.llamanode.llama.context.LlamaBatch;
import io.llamanode.llama.context.LlamaContext;
import io.llamanode.llama.model.LlamaModel;
import io.llamanode.llama.sampler.NativeSampler;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Finds the models that several checkouts share, and runs them. */
public final class TestModels {

    private TestModels() {}

    static Path shared(String name) {
        String configured = System.getProperty("LLAMA_NODE_SHARED", System.getenv("LLAMA_NODE_SHARED"));
        Path root = Path.of(System.getProperty("llamanode.root", "..")).toAbsolutePath();
        Path directory = configured == null ? root.resolve("../shared") : Path.of(configured);
        Path file = directory.resolve(name).normalize();
        assumeTrue(Files.exists(file), () -> file + " is absent; set LLAMA_NODE_SHARED to the shared directory");
        return file;
    }

    public static Path tinyChat() {
        return shared("models/tiny-chat.gguf");
    }

    public static Path vocab(String name) {
        return shared("vocab/ggml-vocab-" + name + ".gguf");
    }

    /** Evaluates tokens of one sequence from a position on, with output for the last one only. */
    public static int prefill(LlamaContext context, LlamaBatch batch, int seqId, int position, int[] tokens) {
        batch.clear();
        int index = 0;
        for (int i = 0; i < tokens.length; i++) {
            index = batch.add(tokens[i], position + i, seqId, i == tokens.length - 1);
        }
        context.decode(batch);
        return index;
    }

    /** Evaluates a prompt and continues it greedily until an end token or a number of tokens. */
    public static List<Integer> generate(LlamaContext context, int seqId, int[] prompt, int count) {
        List<Integer> generated = new ArrayList<>();
        try (LlamaBatch batch = new LlamaBatch(Math.max(prompt.length, 1));
                NativeSampler greedy =
                        NativeSampler.chain(context.model()).greedy().build()) {
            int index = prefill(context, batch, seqId, 0, prompt);
            while (generated.size() < count) {
                int token = greedy.sample(context, index);
                if (context.model().vocab().isEog(token)) {
                    break;
                }
                generated.add(token);
                index = prefill(context, batch, seqId, prompt.length + generated.size() - 1, new int[] {token});
            }
        }
        return generated;
    }

    public static String text(LlamaModel model, List<Integer> tokens) {
        int[] ids = tokens.stream().mapToInt(Integer::intValue).toArray();
        return new String(model.vocab().detokenize(ids, false), StandardCharsets.UTF_8);
    }

    public static int[] chat(LlamaModel model, String question) {
        return model.vocab()
                .tokenize("<|im_start|>user\n" + question + "<|im_end|>\n<|im_start|>assistant\n", true, true);
    }
}
