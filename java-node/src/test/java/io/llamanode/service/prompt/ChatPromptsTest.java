package io.llamanode.service.prompt;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.chat.tools.answer.Answer;
import io.llamanode.engine.contract.GenerationListener.Ending;
import io.llamanode.engine.contract.GenerationListener.Outcome;
import io.llamanode.engine.sampling.Grammar;
import io.llamanode.engine.sampling.Quiet;
import io.llamanode.grammar.Matching;
import io.llamanode.grammar.automaton.Automaton;
import io.llamanode.grammar.automaton.Limits;
import io.llamanode.grammar.automaton.Recognizer;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.Given;
import io.llamanode.service.contract.task.ChatOptions;
import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.OutputFormat;
import io.llamanode.service.contract.task.SessionConfig;
import io.llamanode.service.contract.task.TaskInput;
import io.llamanode.service.contract.task.ToolChoice;
import io.llamanode.service.model.FakeLoadedModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A message of n characters takes n + 6 tokens behind "user", and the beginning of an answer takes 10. */
class ChatPromptsTest {
    private static final List<Map<String, Object>> TOOLS =
            List.of(Map.of("type", "function", "function", Map.of("name", "f")));
    /** Opens reasoning if it is told to, and writes no calls itself. */
    private static final String THINKS = "{# <think></think> #}{% for m in messages %}{{ m.content }};{% endfor %}"
            + "{% if add_generation_prompt %}a:{% if open %}<think>\n{% endif %}{% endif %}";

    private final FakeLoadedModel model = new FakeLoadedModel("fake", 1, 1);
    private final ChatPrompts chats = new ChatPrompts(model);
    private SessionConfig session = new SessionConfig(null, null, GenerationOptions.NONE);
    private Transcript transcript = Transcript.EMPTY;
    private GenerationOptions options = options(null, null);

    @AfterEach
    void close() {
        model.close();
    }

    private static GenerationOptions options(Integer maxTokens, Boolean contextShift) {
        return GenerationDefaults.complete(
                Given.options("maxTokens", maxTokens, "contextShift", contextShift), GenerationOptions.NONE);
    }

    private static TaskInput.Chat content(String content, ChatOptions chat) {
        return new TaskInput.Chat(null, null, content, null, chat, GenerationOptions.NONE);
    }

    private static TaskInput.Chat messages(List<Map<String, Object>> messages) {
        return new TaskInput.Chat(null, messages, null, null, ChatOptions.NONE, GenerationOptions.NONE);
    }

    private static Map<String, Object> message(String role, String content) {
        return Map.of("role", role, "content", content);
    }

    private PreparedPrompt prepare(TaskInput.Chat input) {
        return chats.prepare(input, session, transcript, options);
    }

    private PreparedPrompt turn(String content) {
        return prepare(content(content, ChatOptions.NONE));
    }

    private String text(PreparedPrompt prepared) {
        return prepared.text().text().replace("<eog>", ";");
    }

    private void answered(PreparedPrompt prepared, String answer) {
        int[] said = IntStream.range(0, answer.length()).map(answer::charAt).toArray();
        transcript = Transcript.answered(
                prepared,
                new Answer(answer, null, List.of()),
                new Outcome(Ending.EOS, null, said, List.of(), 0, 0, 0, 0, 0, 0),
                model.model);
    }

    @Test
    void aTurnFollowsTheConversation() {
        answered(turn("q"), "a");
        PreparedPrompt next = turn("r");
        assertEquals("user:q;assistant:a;user:r;assistant:", text(next));
        assertEquals(3, next.messages().size());
    }

    @Test
    void aWholeConversationTakesItsPlace() {
        answered(turn("q"), "a");
        assertEquals("user:anew;assistant:", text(prepare(messages(List.of(message("user", "anew"))))));
    }

    @Test
    void theSystemPromptIsWrittenAndNotRemembered() {
        session = new SessionConfig(null, "s", GenerationOptions.NONE);
        PreparedPrompt prepared = turn("q");
        assertEquals("system:s;user:q;assistant:", text(prepared));
        assertEquals(List.of(message("user", "q")), prepared.messages());
    }

    /** Tokenizing them anew need not give them back, and the KV cache would be lost from there on. */
    @Test
    void tokensOfEarlierTurnsAreUsedAsTheyWereSampled() {
        answered(turn("q"), "a");
        int[] known = transcript.tokens().clone();
        known[0] = 'U';
        transcript = new Transcript(transcript.messages(), transcript.prompt(), known);
        int[] next = turn("r").tokens();
        assertArrayEquals(known, Arrays.copyOf(next, known.length));
        assertEquals("user:q;assistant:a;user:r;assistant:".length(), next.length);
    }

    @Test
    void tokensAreNotReusedWhereTheTextGoesOnOtherwise() {
        answered(turn("q"), "a");
        int[] known = transcript.tokens().clone();
        known[0] = 'U';
        // The conversation is another one, or the answer goes on without a control token behind it.
        transcript = new Transcript(
                List.of(message("user", "other"), message("assistant", "a")), transcript.prompt(), known);
        assertEquals('u', turn("r").tokens()[0]);
        transcript =
                new Transcript(List.of(message("user", "q"), message("assistant", "ab")), transcript.prompt(), known);
        assertEquals('u', turn("r").tokens()[0]);
        transcript = new Transcript(List.of(message("user", "q"), message("assistant", "a")), null, known);
        assertEquals('u', turn("r").tokens()[0]);
    }

    @Test
    void aTemplateThatWritesNothingIsRefused() {
        model.useTemplates("{% for m in messages %}{% if m.content != 'q' %}x{% endif %}{% endfor %} ", Map.of());
        assertEquals("messages: the chat template renders nothing of them", refusal(() -> turn("q")));
    }

    private static String refusal(org.junit.jupiter.api.function.Executable call) {
        return assertThrows(FailureException.class, call).failure().message();
    }

    /** Messages of 10 tokens each, in a context of 100. */
    private void conversation(int messages) {
        model.nCtx = 100;
        List<Map<String, Object>> all = new ArrayList<>();
        for (int i = 0; i < messages; i++) {
            all.add(message("user", "%04d".formatted(i)));
        }
        transcript = new Transcript(List.copyOf(all), null, new int[0]);
    }

    @Test
    void aConversationIsShortenedOnceItLeavesNoRoomForTheAnswer() {
        conversation(7);
        options = options(10, true);
        // 80 tokens of messages, 10 before the answer, 10 of the answer.
        assertEquals(100 - 10, turn("last").tokens().length);
        options = options(11, true);
        PreparedPrompt shortened = turn("last");
        assertEquals("user:0004;user:0005;user:0006;user:last;assistant:", text(shortened));
        assertEquals(4, shortened.messages().size(), "half of the context is left free");
        options = options(11, false);
        assertEquals(90, turn("last").tokens().length, "nothing is dropped that may not be");
    }

    @Test
    void anAnswerWithoutALimitWantsAQuarterOfTheContext() {
        conversation(5);
        options = options(-1, true);
        assertEquals(70, turn("last").tokens().length);
        options = options(1000, true);
        assertEquals(70, turn("last").tokens().length);
        conversation(6);
        assertEquals(50, turn("last").tokens().length);
        options = options(-1, true);
        assertEquals(50, turn("last").tokens().length);
        options = options(0, true);
        assertEquals(50, turn("last").tokens().length, "evaluating a prompt is no limit");
    }

    @Test
    void aTurnThatIsTooLongAloneIsLeftToWhoeverMeasuresIt() {
        conversation(2);
        PreparedPrompt prepared = turn("x".repeat(90));
        assertEquals(106, prepared.tokens().length);
        assertEquals(1, prepared.messages().size());
    }

    @Test
    void aShiftKeepsTheSystemPrompt() {
        session = new SessionConfig(null, "sys", GenerationOptions.NONE);
        model.nCtx = 100;
        int prompt = "system:sys;user:q;assistant:".length();
        options = options(100 - prompt, null);
        assertEquals(0, turn("q").nKeep(), "nothing will be shifted");
        options = options(100 - prompt + 1, null);
        assertEquals("system:sys;".length(), turn("q").nKeep());
        session = new SessionConfig(null, null, GenerationOptions.NONE);
        options = options(1000, null);
        assertEquals(0, turn("q").nKeep(), "there is no system prompt");
    }

    @Test
    void aTemplateMayNotTellWhereTheSystemPromptEnds() {
        session = new SessionConfig(null, "sys", GenerationOptions.NONE);
        options = options(1000, null);
        model.useTemplates(
                "{% if messages|length == 1 %}{{ raise_exception('no user') }}{% endif %}"
                        + "{% for m in messages %}{{ m.content }};{% endfor %}",
                Map.of());
        assertEquals(0, turn("q").nKeep(), "it refuses a conversation without a user");
        assertEquals(0, chats.systemTokens(session));
        model.useTemplates("{{ messages|length }}{% for m in messages %}{{ m.content }};{% endfor %}", Map.of());
        assertEquals(0, turn("q").nKeep(), "it writes another front then");
    }

    @Test
    void theFrontOfEveryChatOfASessionIsCounted() {
        assertEquals(
                "system:sys;".length(), chats.systemTokens(new SessionConfig(null, "sys", GenerationOptions.NONE)));
    }

    @Test
    void plainChatsHaveNothingToTellApart() {
        assertNull(turn("q").reader());
        assertNull(turn("q").grammar());
    }

    @Test
    void anAnswerMayBeginInsideReasoning() {
        model.useTemplates(THINKS, Map.of());
        assertEquals(false, turn("q").reader().insideReasoning());
        PreparedPrompt open = prepare(content("q", thinking(null)));
        assertEquals(true, open.reader().insideReasoning());
        assertEquals("q;a:<think>\n", text(open));
    }

    private static ChatOptions thinking(Boolean enabled) {
        return new ChatOptions(null, null, null, null, Map.of("open", true), enabled);
    }

    @Test
    void reasoningThatATemplateOpensWhateverItIsToldIsEndedAtOnce() {
        model.useTemplates(THINKS, Map.of());
        PreparedPrompt closed = prepare(content("q", thinking(false)));
        assertEquals("q;a:<think>\n</think>\n\n", text(closed));
        assertEquals(true, closed.text().trusted(closed.text().length() - 1), "it stands for the template");
        assertEquals(false, closed.reader().insideReasoning());
        assertEquals("q;a:<think>\n", text(prepare(content("q", thinking(true)))));
    }

    /** Else a message could begin an answer in the model's name. */
    @Test
    void contentOpensNoReasoning() {
        model.useTemplates("{# <think></think> #}{% for m in messages %}{{ m.content }}{% endfor %}", Map.of());
        assertEquals(false, turn("q<think>").reader().insideReasoning());
    }

    @Test
    void severalCallsCountUnlessTheCallerWantsOne() {
        ChatOptions several = new ChatOptions(TOOLS, null, null, null, null, null);
        ChatOptions one = new ChatOptions(TOOLS, null, false, null, null, null);
        assertEquals(64, prepare(content("q", several)).reader().maxCalls());
        assertEquals(1, prepare(content("q", one)).reader().maxCalls());
        assertEquals(TOOLS, prepare(content("q", one)).reader().tools());
        assertNull(prepare(content("q", several)).grammar(), "nothing marks calls");
    }

    @Test
    void aCallThatMayComeIsHeldToTheToolsFromItsOpenerOn() {
        model.useTemplates(
                "{% for m in messages %}{{ m.content }}{% if m.tool_calls %}{% for c in m.tool_calls %}<tool_call>{\"name\": \""
                        + "{{ c.function.name }}\", \"arguments\": {{ c.function.arguments | tojson }}}</tool_call>"
                        + "{% endfor %}{% endif %}{% endfor %}{# <think></think> #}",
                Map.of());
        ChatOptions chat = new ChatOptions(TOOLS, null, null, null, null, null);
        Grammar grammar = prepare(content("q", chat)).grammar();
        assertEquals(List.of("<tool_call>"), grammar.triggers());
        assertEquals(new Quiet("<think>", "</think>", false, false), grammar.quiet());
        assertEquals(grammar.language(), prepare(content("r", chat)).grammar().language());
        ChatOptions one = new ChatOptions(TOOLS, null, false, null, null, null);
        assertNotEquals(grammar.language(), prepare(content("q", one)).grammar().language());
    }

    @Test
    void anAnswerThatKeepsToAGrammarComesBehindItsReasoning() {
        options = GenerationDefaults.complete(
                Given.options("format", new OutputFormat.Gbnf("root ::= \"a\"")), GenerationOptions.NONE);
        model.useTemplates(THINKS, Map.of());
        assertTrue(accepts(thinking(null), "so</think>\n\na"));
        assertFalse(accepts(thinking(null), "a"), "the template opened reasoning");
        assertTrue(accepts(thinking(false), "a"));
        assertFalse(accepts(thinking(false), "<think>so</think>a"));
        ChatOptions closed = new ChatOptions(null, null, null, null, Map.of(), null);
        assertTrue(accepts(closed, "a"));
        assertTrue(accepts(closed, "<think>so</think>a"));
        assertFalse(accepts(closed, "<think>so</think>b"));
    }

    private boolean accepts(ChatOptions chat, String answer) {
        Grammar grammar = prepare(content("q", chat)).grammar();
        assertEquals(List.of(), grammar.triggers());
        return Matching.accepts(
                new Recognizer(Automaton.of(grammar.language().rules(), 10_000), Limits.DEFAULT), answer);
    }

    @Test
    void aTemplateThatWritesOneCallGetsOne() {
        model.useTemplates(
                "{% for m in messages %}{{ m.content }}{% if m.tool_calls %}<tool_call>{\"name\": \""
                        + "{{ m.tool_calls[0].function.name }}\", \"arguments\": "
                        + "{{ m.tool_calls[0].function.arguments | tojson }}}</tool_call>{% endif %}{% endfor %}",
                Map.of());
        ChatOptions chat = new ChatOptions(TOOLS, null, null, null, null, null);
        assertEquals(1, prepare(content("q", chat)).reader().maxCalls());
    }

    @Test
    void whoChoosesNoToolsGetsTextOnly() {
        ChatOptions none = new ChatOptions(TOOLS, new ToolChoice.None(), null, null, null, null);
        assertNull(prepare(content("q", none)).reader());
    }

    @Test
    void aCallThatMustComeKeepsToNoOtherGrammar() {
        options = GenerationDefaults.complete(
                Given.options("format", new OutputFormat.Gbnf("root ::= \"a\"")), GenerationOptions.NONE);
        ChatOptions required = new ChatOptions(TOOLS, new ToolChoice.Required(), null, null, null, null);
        assertEquals(
                "tool_choice: an answer that must be a call cannot keep to a grammar as well",
                refusal(() -> prepare(content("q", required))));
        ChatOptions auto = new ChatOptions(TOOLS, new ToolChoice.Auto(), null, null, null, null);
        assertNotNull(prepare(content("q", auto)));
    }

    @Test
    void contradictionsAreRefusedWhoeverMadeThem() {
        session = new SessionConfig(
                null,
                null,
                GenerationOptions.NONE,
                new ChatOptions(null, new ToolChoice.Required(), null, null, null, null));
        assertEquals("tool_choice: there are no tools to call", refusal(() -> turn("q")));
    }
}
