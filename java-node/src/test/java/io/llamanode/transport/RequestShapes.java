package io.llamanode.transport;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** Inputs and settings of every shape that takes memory in a way of its own, as what JSON can hold. */
final class RequestShapes {
    private static final String TEXT = "Once upon a time ";

    private RequestShapes() {}

    static Map<String, Object> with(Map<String, Object> one, Map<String, Object> more) {
        Map<String, Object> all = new LinkedHashMap<>(one);
        all.putAll(more);
        return all;
    }

    static List<Integer> tokens(int count) {
        return IntStream.range(0, count).mapToObj(i -> i % 256).toList();
    }

    static Map<String, Object> message(String content) {
        return Map.of("role", "user", "content", content);
    }

    private static Map<String, Object> tool(int number) {
        Map<String, Object> parameters = Map.of(
                "type",
                "object",
                "properties",
                Map.of("a", Map.of("type", "string"), "b", Map.of("type", "integer", "enum", List.of(1, 2, 3))),
                "required",
                List.of("a"));
        return Map.of(
                "type",
                "function",
                "function",
                Map.of("name", "f" + number, "description", "does " + number, "parameters", parameters));
    }

    static final Map<String, Object> TOOLS =
            Map.of("tools", IntStream.range(0, 20).mapToObj(RequestShapes::tool).toList());

    /** What a session is opened with. */
    static final List<Map<String, Object>> SETTINGS = List.of(
            Map.of(),
            Map.of("temperature", 0.5, "top_k", 7, "seed", 77_777_777_777L, "n_probs", 5, "stop", "xyz"),
            Map.of(
                    "stop",
                    IntStream.range(0, 64)
                            .mapToObj(i -> "stop" + i + "s".repeat(100))
                            .toList()),
            Map.of("stop", IntStream.range(0, 64).mapToObj(i -> "\u20ac" + i).toList()),
            Map.of(
                    "logit_bias",
                    IntStream.range(0, 250).mapToObj(i -> List.of(i, i * 0.5)).toList()),
            Map.of("grammar", "root ::= \"a\"" + " ".repeat(5000)),
            Map.of(
                    "dry_sequence_breakers",
                    IntStream.range(0, 64).mapToObj(i -> "b" + i).toList(),
                    "samplers",
                    List.of("dry", "top_k", "xtc", "temperature")),
            Map.of("system_prompt", TEXT.repeat(50)),
            Map.of("chat_template", "{{ messages[0].content }}" + "{# x #}".repeat(300)),
            Map.of(
                    "chat_template_kwargs",
                    Map.of(
                            "lists",
                            Collections.nCopies(100, List.of()),
                            "maps",
                            Collections.nCopies(30, Map.of("k", 1.5, "l", "m")))),
            TOOLS);

    /** What tasks are asked to do: their types and shapes of them. */
    static final Map<String, List<Map<String, Object>>> INPUTS = Map.of(
            "completion",
            List.of(
                    Map.of("prompt", "Once"),
                    Map.of("prompt", TEXT.repeat(200)),
                    Map.of("prompt", "\u20acuro ".repeat(400)),
                    Map.of("prompt", tokens(4000))),
            "chat",
            List.of(
                    Map.of("messages", List.of(message("Hi"))),
                    Map.of("messages", List.of(message(TEXT.repeat(200)))),
                    Map.of(
                            "messages",
                            IntStream.range(0, 40)
                                    .mapToObj(
                                            i -> Map.of("role", i % 2 == 0 ? "user" : "assistant", "content", TEXT + i))
                                    .toList()),
                    with(TOOLS, Map.of("messages", List.of(message("Hi"))))),
            "infill",
            List.of(Map.of(
                    "input_prefix",
                    "a".repeat(1000),
                    "input_suffix",
                    "b".repeat(1000),
                    "input_extra",
                    List.of(Map.of("text", "abc".repeat(100), "filename", "x")))),
            "embedding",
            List.of(
                    Map.of("input", TEXT.repeat(100)),
                    Map.of(
                            "input",
                            IntStream.range(0, 200).mapToObj(i -> "text " + i).toList())),
            "rerank",
            List.of(Map.of(
                    "query",
                    "what?",
                    "documents",
                    IntStream.range(0, 200).mapToObj(i -> "text " + i).toList())));

    /** {@return one of the shapes of a type, in turn} */
    static Map<String, Object> input(String type, int number) {
        List<Map<String, Object>> shapes = INPUTS.get(type);
        return shapes.get(number % shapes.size());
    }

    /** {@return one of several, in turn} */
    static String type(int number, List<String> types) {
        return types.get(number % types.size());
    }
}
