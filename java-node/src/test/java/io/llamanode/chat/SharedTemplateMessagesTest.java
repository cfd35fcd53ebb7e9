package io.llamanode.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.chat.tools.ProbeMessages;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Published templates render all of a conversation: nothing of it is lost on the way, and nothing comes twice. */
class SharedTemplateMessagesTest {
    private static final Clock CLOCK = Clock.fixed(Instant.parse("2026-06-01T12:00:00Z"), ZoneOffset.UTC);
    private static final Map<String, Object> SYSTEM = ProbeMessages.message("system", "kind11");
    private static final Map<String, Object> DEVELOPER = ProbeMessages.message("developer", "brief22");
    private static final Map<String, Object> USER = ProbeMessages.message("user", "hello33");
    /** They know the roles of the user and the assistant only; one of them refuses others. */
    private static final Set<String> WITHOUT_RESULTS =
            Set.of("google-gemma-2-2b-it.jinja", "llama-cpp-rwkv-world.jinja", "microsoft-Phi-3.5-mini-instruct.jinja");
    /** Read reasoning as a field of a message or as a part of its content. */
    private static final Pattern THINKING = Pattern.compile("reasoning_content|message\\.thinking|'thinking'");

    private static ChatTemplate template(String name) {
        return ChatTemplate.parse(SharedTemplates.source(name));
    }

    private static String render(String name, List<Map<String, Object>> messages) {
        return template(name)
                .render(ChatRequest.of(messages)
                        .tools(List.of(ProbeMessages.tool("tool44")))
                        .clock(CLOCK)
                        .build())
                .text();
    }

    private static List<Map<String, Object>> called() {
        Map<String, Object> answer =
                ProbeMessages.answer("", List.of(ProbeMessages.call(1, "tool44", Map.of("needle", "argument55"))));
        answer.put("reasoning_content", "thought66");
        Map<String, Object> result = ProbeMessages.result(1, "result77");
        result.put("name", "tool44");
        return List.of(USER, answer, result);
    }

    private static int count(String text, String part) {
        return text.split(part, -1).length - 1;
    }

    @TestFactory
    Stream<DynamicTest> aDevelopersMessageIsRendered() {
        return SharedTemplates.forEach(name ->
                assertEquals(1, count(render(name, List.of(DEVELOPER, USER)), "brief22")));
    }

    @TestFactory
    Stream<DynamicTest> neitherTheSystemsMessageNorTheDevelopersIsLost() {
        return SharedTemplates.forEach(name -> {
            for (List<Map<String, Object>> both : List.of(List.of(SYSTEM, DEVELOPER), List.of(DEVELOPER, SYSTEM))) {
                String text = render(name, List.of(both.getFirst(), both.getLast(), USER));
                assertEquals(1, count(text, "kind11"), text);
                assertEquals(1, count(text, "brief22"), text);
                assertEquals(1, count(text, "hello33"), text);
                String first = both.getFirst() == SYSTEM ? "kind11" : "brief22";
                assertTrue(text.indexOf(first) <= Math.min(text.indexOf("kind11"), text.indexOf("brief22")), text);
            }
        });
    }

    @TestFactory
    Stream<DynamicTest> everyPartOfAContentIsRendered() {
        return SharedTemplates.forEach(name -> {
            List<Object> parts =
                    List.of(Map.of("type", "text", "text", "first11"), Map.of("type", "text", "text", "second22"));
            String text = render(name, List.of(ProbeMessages.message("user", parts)));
            assertTrue(text.contains("first11\nsecond22") || text.contains("first11second22"), text);
            assertTrue(template(name).capabilities().typedContent() || text.contains("first11\nsecond22"), text);
        });
    }

    @TestFactory
    Stream<DynamicTest> aResultIsRenderedOnce() {
        return SharedTemplates.forEach(name -> {
            if (WITHOUT_RESULTS.contains(name)) {
                assertFalse(template(name).capabilities().toolResponses());
                return;
            }
            String text = render(name, called());
            assertEquals(1, count(text, "result77"), text);
            assertTrue(text.lastIndexOf("argument55") < text.indexOf("result77"), text);
        });
    }

    @TestFactory
    Stream<DynamicTest> whatWasThoughtBeforeACallIsRenderedWhereTheTemplateReadsIt() {
        return SharedTemplates.forEach(name -> {
            if (!WITHOUT_RESULTS.contains(name)) {
                boolean reads = THINKING.matcher(SharedTemplates.source(name)).find();
                assertEquals(reads ? 1 : 0, count(render(name, called()), "thought66"));
            }
        });
    }

    @TestFactory
    Stream<DynamicTest> noneIsSilent() {
        return SharedTemplates.forEach(
                name -> assertFalse(template(name).capabilities().silent()));
    }
}
