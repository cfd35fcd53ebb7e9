package io.llamanode.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.llamanode.chat.tools.AnswerFormat;
import io.llamanode.chat.tools.AnswerParser;
import io.llamanode.chat.tools.answer.Answer;
import io.llamanode.chat.tools.answer.AnswerEvent;
import io.llamanode.chat.tools.answer.ToolCall;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The syntax of calls is found by what a published template writes, and gives back what it wrote. */
class AnswerFormatTest {
    private static final Map<String, String> FAMILIES = new LinkedHashMap<>();

    static {
        FAMILIES.put("Apertus", "apertus");
        FAMILIES.put("Bielik", "hermes");
        FAMILIES.put("CohereForAI", "command-r");
        FAMILIES.put("GLM", "key-value tags");
        FAMILIES.put("GigaChat3", "gigachat");
        FAMILIES.put("HuggingFaceTB-SmolLM3", "generic");
        FAMILIES.put("Kimi", "kimi");
        FAMILIES.put("LFM2.5", "python");
        FAMILIES.put("MiniMax", "invoke tags");
        FAMILIES.put("NVIDIA-Nemotron-3", "function tags");
        FAMILIES.put("NousResearch-Hermes", "hermes");
        FAMILIES.put("Qwen-QwQ", "hermes");
        FAMILIES.put("Qwen-Qwen3-", "hermes");
        FAMILIES.put("Qwen3.5", "function tags");
        FAMILIES.put("StepFun", "function tags");
        FAMILIES.put("deepseek-ai-DeepSeek-R1", "deepseek");
        FAMILIES.put("deepseek-ai-DeepSeek-V3.2", "dsml");
        FAMILIES.put("google-gemma-2", "generic");
        FAMILIES.put("google-gemma-4", "gemma");
        FAMILIES.put("ibm-granite", "hermes");
        FAMILIES.put("llama-cpp-rwkv", "generic");
        FAMILIES.put("meetkai-functionary", "functionary");
        FAMILIES.put("meta-llama-Llama-3.2", "llama");
        FAMILIES.put("microsoft-Phi-3.5", "generic");
        FAMILIES.put("mistralai-Mistral-Nemo", "mistral");
        FAMILIES.put("openai-gpt-oss", "harmony");
        FAMILIES.put("unsloth-Apriel", "tool_calls list");
        FAMILIES.put("upstage-Solar", "solar");
    }

    private static final Map<String, Object> WEATHER = map(
            "city",
            "Paris \"Nord\", <b>é😀</b> it's",
            "days",
            3,
            "exact",
            true,
            "limits",
            map("low", -1.5, "names", List.of("a", "b")));
    private static final Map<String, Object> TIME = map("zone", "{[(<x>)]}");

    private static AnswerFormat format(String name) {
        return ChatTemplate.parse(SharedTemplates.source(name)).answerFormat();
    }

    @TestFactory
    Stream<DynamicTest> findsTheSyntaxOfATemplate() {
        return SharedTemplates.forEach(name -> FAMILIES.forEach((prefix, family) -> {
            if (name.startsWith(prefix)) {
                assertEquals(family, format(name).family());
            }
        }));
    }

    @TestFactory
    Stream<DynamicTest> readsBackWhatTheTemplateWrites() {
        return SharedTemplates.forEach(name -> {
            AnswerFormat format = format(name);
            if (!format.templateWritesCalls()) {
                assertTrue(List.of("generic", "python").contains(format.family()), format.family());
                return;
            }
            check(format, List.of(call("call00001", "get_weather", WEATHER)), rendered(name, 1));
            if (format.parallel()) {
                check(
                        format,
                        List.of(call("call00001", "get_weather", WEATHER), call("call00002", "get_time", TIME)),
                        rendered(name, 2));
            }
        });
    }

    /** Whole, and split in two at every place, and character by character. */
    private static void check(AnswerFormat format, List<ToolCall> expected, String text) {
        for (int at = 0; at <= text.length(); at++) {
            check(format, expected, List.of(text.substring(0, at), text.substring(at)));
        }
        check(format, expected, text.codePoints().mapToObj(Character::toString).toList());
    }

    private static void check(AnswerFormat format, List<ToolCall> expected, List<String> pieces) {
        AnswerParser parser = format.parser(tools(), false, 8);
        List<AnswerEvent> events = new ArrayList<>();
        pieces.forEach(piece -> events.addAll(parser.push(piece)));
        events.addAll(parser.finish());
        Answer answer = parser.answer();
        assertEquals(expected.size(), answer.calls().size(), () -> pieces + " gave " + answer);
        StringBuilder content = new StringBuilder();
        List<StringBuilder> arguments = new ArrayList<>();
        for (AnswerEvent event : events) {
            switch (event) {
                case AnswerEvent.Content(String text) -> content.append(text);
                case AnswerEvent.Reasoning reasoning -> {}
                case AnswerEvent.Call(int index, String id, String name, String delta) -> {
                    if (index == arguments.size()) {
                        arguments.add(new StringBuilder());
                    }
                    assertEquals(answer.calls().get(index).id(), id);
                    assertEquals(answer.calls().get(index).name(), name);
                    arguments.get(index).append(delta);
                }
            }
        }
        assertEquals(answer.content(), content.toString());
        for (int i = 0; i < expected.size(); i++) {
            ToolCall call = answer.calls().get(i);
            assertEquals(expected.get(i).name(), call.name());
            assertEquals(expected.get(i).arguments(), call.arguments(), () -> pieces.toString());
            assertEquals(call.arguments(), json(arguments.get(i).toString()));
        }
    }

    /** What the template writes for an answer of so many calls, without the prompt in front of it. */
    private static String rendered(String name, int calls) {
        ChatTemplate template = ChatTemplate.parse(SharedTemplates.source(name));
        List<Map<String, Object>> messages = new ArrayList<>(List.of(map("role", "user", "content", "Question?")));
        List<Object> all = List.of(wire("call00001", "get_weather", WEATHER), wire("call00002", "get_time", TIME));
        messages.add(map("role", "assistant", "content", null, "tool_calls", all.subList(0, calls)));
        String before = template.render(
                        ChatRequest.of(messages.subList(0, 1)).tools(tools()).build())
                .text();
        String after = template.render(ChatRequest.of(messages)
                        .tools(tools())
                        .addGenerationPrompt(false)
                        .build())
                .text();
        before = before.substring(before.lastIndexOf("Question?"));
        after = after.substring(after.lastIndexOf("Question?"));
        // Reasoning that the prompt opens is not there when the answer is written later.
        for (String opened : List.of("<think>\n</think>", "<think></think>", "<think>\n", "<think>")) {
            if (before.endsWith(opened)) {
                before = before.substring(0, before.length() - opened.length());
                break;
            }
        }
        if (before.endsWith("<|channel>thought\n<channel|>")) {
            before = before.substring(0, before.length() - "<|channel>thought\n<channel|>".length());
        }
        int common = 0;
        while (common < before.length() && before.charAt(common) == after.charAt(common)) {
            common++;
        }
        return after.substring(common);
    }

    private static Object json(String text) {
        try {
            return new ObjectMapper().readValue(text, Object.class);
        } catch (JsonProcessingException e) {
            throw new AssertionError(text, e);
        }
    }

    private static ToolCall call(String id, String name, Map<String, Object> arguments) {
        return new ToolCall(id, name, arguments);
    }

    private static Map<String, Object> wire(String id, String name, Map<String, Object> arguments) {
        return map("id", id, "type", "function", "function", map("name", name, "arguments", arguments));
    }

    static List<Map<String, Object>> tools() {
        return List.of(
                tool(
                        "get_weather",
                        map(
                                "city",
                                map("type", "string"),
                                "days",
                                map("type", "integer"),
                                "exact",
                                map("type", "boolean"),
                                "limits",
                                map("type", "object", "additionalProperties", map("type", "string")))),
                tool("get_time", map("zone", map("type", "string"))));
    }

    private static Map<String, Object> tool(String name, Map<String, Object> properties) {
        properties.values().forEach(property -> cast(property).put("description", "d"));
        return map(
                "type",
                "function",
                "function",
                map(
                        "name",
                        name,
                        "description",
                        "Does it",
                        "parameters",
                        map("type", "object", "properties", properties, "required", List.of())));
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> cast(Object map) {
        return (Map<String, Object>) map;
    }

    static Map<String, Object> map(Object... entries) {
        Map<String, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < entries.length; i += 2) {
            map.put((String) entries[i], entries[i + 1]);
        }
        return map;
    }
}
