package io.llamanode.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Runs one variant for {@code bench/run}. Each line of standard input is a number of tokens and the prompts, separated
 * by tabs; each is answered with one line, {@code bench: } and an Erlang term
 * {@code [{PromptTokens, CompletionTokens, DoneUs, [PieceUs]}]}. An empty line, or the end of the input, ends the program.
 *
 * <p>Arguments: {@code raw | engine | jni}, the model, streams, tokens of context of each, tokens of a batch, threads.
 */
final class Worker {
    private Worker() {}

    public static void main(String[] args) throws Exception {
        Variant.Settings settings = new Variant.Settings(
                args[1],
                Integer.parseInt(args[2]),
                Integer.parseInt(args[3]),
                Integer.parseInt(args[4]),
                Integer.parseInt(args[5]));
        try (Variant variant = open(args[0], settings)) {
            serve(variant);
        }
        // The native threads of java-llama.cpp stay attached and would keep the virtual machine.
        Runtime.getRuntime().halt(0);
    }

    private static Variant open(String kind, Variant.Settings settings) {
        return switch (kind) {
            case "raw" -> new RawLoop(settings);
            case "engine" -> new EngineStreams(settings);
            case "jni" -> new JavaLlamaCpp(settings);
            default -> throw new IllegalArgumentException("no variant is called " + kind);
        };
    }

    private static void serve(Variant variant) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        answer("ready");
        for (String line = in.readLine(); line != null && !line.isEmpty(); line = in.readLine()) {
            List<String> fields = List.of(line.split("\t"));
            answer(term(variant.run(fields.subList(1, fields.size()), Integer.parseInt(fields.getFirst()))));
        }
    }

    private static void answer(String term) throws IOException {
        // The prefix tells answers from what native libraries print.
        System.out.write(("\nbench: " + term + ".\n").getBytes(StandardCharsets.UTF_8));
        System.out.flush();
    }

    private static String term(List<Variant.Timeline> timelines) {
        return timelines.stream()
                .map(t -> "{%d,%d,%d,%s}"
                        .formatted(
                                t.promptTokens(),
                                t.completionTokens(),
                                t.done(),
                                t.pieces().toString()))
                .collect(Collectors.joining(",", "[", "]"));
    }
}
