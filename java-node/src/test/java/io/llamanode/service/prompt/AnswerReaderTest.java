package io.llamanode.service.prompt;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.llamanode.chat.ChatTemplate;
import io.llamanode.chat.tools.AnswerFormat;
import io.llamanode.chat.tools.answer.Answer;
import io.llamanode.engine.model.FakeModel;
import io.llamanode.service.contract.task.TaskEvent;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** How the text of an answer is taken apart, and which control tokens are a part of it. */
class AnswerReaderTest {
    private static final AnswerFormat THINKS = ChatTemplate.parse(
                    "{# <think></think> #}{% for m in messages %}{{ m.content }}"
                            + "{% for c in m.tool_calls or [] %}<tool_call>{\"name\": \"{{ c.function.name }}\", "
                            + "\"arguments\": {{ c.function.arguments | tojson }}}</tool_call>{% endfor %}{% endfor %}")
            .answerFormat();
    private static final List<Map<String, Object>> TOOLS =
            List.of(Map.of("type", "function", "function", Map.of("name", "f")));

    private final FakeModel vocabulary = new FakeModel();
    private final List<TaskEvent> events = new ArrayList<>();

    private AnswerReader reader(List<Map<String, Object>> tools, boolean inside, int maxCalls) {
        return AnswerReader.of(THINKS, tools, inside, maxCalls, vocabulary);
    }

    private Answer read(AnswerReader reader, String... texts) {
        AnswerCollector collector = new AnswerCollector(reader, events::add);
        for (String text : texts) {
            collector.take(text);
        }
        return collector.finish();
    }

    private static String call(int x) {
        return "<tool_call>{\"name\": \"f\", \"arguments\": {\"x\": %d}}</tool_call>".formatted(x);
    }

    @Test
    void anAnswerThatIsNothingButContentIsToldAsItComes() {
        Answer answer = read(null, "<think>", " a ");
        assertEquals(new Answer("<think> a ", null, List.of()), answer);
        assertEquals(List.of(new TaskEvent.Chunk("<think>"), new TaskEvent.Chunk(" a ")), events);
    }

    @Test
    void reasoningIsToldApartFromContent() {
        Answer answer = read(reader(List.of(), false, 1), "<think>h", "m</think>Yes");
        assertEquals(new Answer("Yes", "hm", List.of()), answer);
        assertEquals(
                List.of(new TaskEvent.Reasoning("h"), new TaskEvent.Reasoning("m"), new TaskEvent.Chunk("Yes")),
                events);
    }

    @Test
    void aPromptMayHaveOpenedTheReasoning() {
        assertEquals(new Answer("Yes", "hm", List.of()), read(reader(List.of(), true, 1), "hm</think>Yes"));
    }

    @Test
    void whatMayBecomeAMarkerIsHeldBackUntilTheEnd() {
        AnswerCollector collector = new AnswerCollector(reader(List.of(), false, 1), events::add);
        collector.take("<thi");
        assertEquals(List.of(), events);
        assertEquals("<thi", collector.finish().content());
        assertEquals(List.of(new TaskEvent.Chunk("<thi")), events);
    }

    @Test
    void callsAreToldWithTheirArguments() {
        Answer answer = read(reader(TOOLS, false, 2), call(1), call(2));
        assertEquals(2, answer.calls().size());
        assertEquals(Map.of("x", 2), answer.calls().getLast().arguments());
        StringBuilder told = new StringBuilder();
        for (TaskEvent event : events) {
            TaskEvent.ToolCall part = (TaskEvent.ToolCall) event;
            assertEquals(answer.calls().get(part.index()).id(), part.id());
            assertEquals("f", part.name());
            told.append(part.delta());
        }
        assertEquals("{\"x\": 1}{\"x\": 2}", told.toString());
    }

    @Test
    void onlySoManyCallsCount() {
        assertEquals(1, read(reader(TOOLS, false, 1), call(1), call(2)).calls().size());
    }

    @Test
    void withoutToolsNothingIsACall() {
        Answer answer = read(reader(List.of(), false, 1), call(1));
        assertEquals(call(1), answer.content());
        assertNull(answer.reasoning());
    }

    @Test
    void controlTokensThatArePartsOfMarkersAreSpelled() {
        vocabulary.controls = Map.of("<think>", 1, "</", 2, "<tool_call>", 3, "<pad>", 4, "", 5);
        Map<Integer, byte[]> spellings = reader(TOOLS, false, 1).spellings();
        assertEquals(Set.of(1, 2, 3), spellings.keySet());
        assertArrayEquals("<think>".getBytes(StandardCharsets.UTF_8), spellings.get(1));
        assertEquals(Set.of(1, 2), reader(List.of(), false, 1).spellings().keySet(), "no calls are read");
    }
}
