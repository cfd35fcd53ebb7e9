package io.llamanode.service.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.chat.tools.AnswerFormat;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.task.ChatTemplating;
import io.llamanode.service.contract.task.TemplateChoice;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class ChatTemplatesTest {
    private static final String OWN = "own {{ messages[0].content }}";
    private static final List<Map<String, Object>> TOOLS =
            List.of(Map.of("type", "function", "function", Map.of("name", "f")));

    private static ChatTemplates templates(String own, Map<String, String> variants, TemplateChoice override) {
        return new ChatTemplates("m", own, variants, override, "<s>", "</s>");
    }

    private static ChatTemplates own(String source) {
        return templates(source, Map.of(), null);
    }

    private static ChatTemplating request(TemplateChoice choice, List<Map<String, Object>> tools) {
        return new ChatTemplating(
                null, List.of(Map.of("role", "user", "content", "q")), tools, choice, Map.of(), true, false);
    }

    private static String render(ChatTemplates templates, TemplateChoice choice) {
        return templates.render(request(choice, null)).text();
    }

    private static TemplateChoice source(String jinja) {
        return new TemplateChoice.Source(jinja);
    }

    private static TemplateChoice variant(String name) {
        return new TemplateChoice.Variant(name);
    }

    private static Failure refusal(Executable call) {
        return assertThrows(FailureException.class, call).failure();
    }

    @Test
    void theModelsOwnIsTakenUnlessARequestChooses() {
        ChatTemplates templates = own(OWN);
        assertEquals("own q", render(templates, null));
        assertEquals("given q", render(templates, source("given {{ messages[0].content }}")));
        assertEquals("<q>", render(templates, new TemplateChoice.Simple("", "<", ">")));
    }

    @Test
    void aVariantIsChosenByItsName() {
        ChatTemplates templates = templates(OWN, Map.of("rag", "rag {{ messages[0].content }}", "none", " "), null);
        assertEquals("rag q", render(templates, variant("rag")));
        assertEquals("own q", render(templates, variant("default")));
        Failure unknown = refusal(() -> render(templates, variant("none")));
        assertEquals(
                "chat_template: 'none' is neither a Jinja template nor a variant of the model's; it has [default, rag]",
                unknown.message());
        assertEquals(ErrorCode.INVALID_ARGUMENT, unknown.code());
        assertTrue(refusal(() -> render(own(null), variant("x"))).message().endsWith("it has none"));
    }

    @Test
    void conversationsWithToolsGetTheVariantForThem() {
        Map<String, String> variants = Map.of("tool_use", "tools {{ messages[0].content }}");
        ChatTemplates templates = templates(OWN, variants, null);
        assertEquals("tools q", templates.render(request(null, TOOLS)).text());
        assertEquals("own q", templates.render(request(null, List.of())).text());
        assertEquals(
                "own q", templates.render(request(variant("default"), TOOLS)).text(), "the request chose");
        assertEquals("own q", own(OWN).render(request(null, TOOLS)).text(), "there is none");
        ChatTemplates overridden = templates(OWN, variants, source("over {{ messages[0].content }}"));
        assertEquals("over q", overridden.render(request(null, TOOLS)).text(), "the model was loaded with another");
    }

    @Test
    void aModelMayBeLoadedWithATemplateInPlaceOfItsOwn() {
        assertEquals("over q", render(templates(OWN, Map.of(), source("over {{ messages[0].content }}")), null));
        assertEquals("over q", render(templates(null, Map.of(), source("over {{ messages[0].content }}")), null));
        assertEquals(
                "rag q", render(templates(OWN, Map.of("rag", "rag {{ messages[0].content }}"), variant("rag")), null));
        Failure malformed = refusal(() -> templates(OWN, Map.of(), source("{% if %}")));
        assertEquals(ErrorCode.INVALID_ARGUMENT, malformed.code());
        assertTrue(malformed.message().startsWith("chat_template: "), malformed.message());
    }

    @Test
    void aModelWithoutAUsableTemplateSaysWhy() {
        assertEquals(
                new Failure(ErrorCode.UNSUPPORTED, "model 'm' has no chat template; give chat_template"),
                refusal(() -> render(own(null), null)));
        assertEquals(
                "model 'm' has no chat template; give chat_template",
                refusal(() -> render(own(" \n"), null)).message());
        assertEquals(
                "the chat template of model 'm' renders nothing; give chat_template",
                refusal(() -> render(own("{% set x = 1 %}"), null)).message());
        Failure malformed = refusal(() -> render(own("{% if %}"), null));
        assertEquals(ErrorCode.UNSUPPORTED, malformed.code());
        assertTrue(
                malformed.message().startsWith("the chat template of model 'm' cannot be used: "), malformed.message());
    }

    @Test
    void aTemplateOfARequestMustSaySomething() {
        assertEquals(
                new Failure(ErrorCode.INVALID_ARGUMENT, "chat_template: it renders nothing of a conversation"),
                refusal(() -> render(own(OWN), source("{% set x = 1 %}"))));
        assertTrue(refusal(() -> render(own(OWN), source("{% if %}"))).message().startsWith("chat_template: "));
    }

    @Test
    void aTemplateMayRefuseAConversation() {
        ChatTemplates templates = own("{{ messages[0].content }}{% if messages[0].content == 'q' %}"
                + "{{ raise_exception('not q') }}{% endif %}");
        Failure refused = refusal(() -> render(templates, null));
        assertEquals(ErrorCode.INVALID_ARGUMENT, refused.code());
        assertTrue(
                refused.message().startsWith("messages: the chat template refuses them: ")
                        && refused.message().contains("not q"),
                refused.message());
    }

    @Test
    void templatesGetTheVariablesOfTheModelAndTheRequest() {
        ChatTemplates templates =
                own("{{ x }}{{ bos_token }}{{ eos_token }}{% if tools %}{{ tools[0].function.name }}{% endif %}"
                        + "{% if add_generation_prompt %}:{% endif %}{{ messages[0].content }}");
        assertEquals(
                "1<s></s>f:q",
                templates
                        .render(new ChatTemplating(
                                null,
                                List.of(Map.of("role", "user", "content", "q")),
                                TOOLS,
                                null,
                                Map.of("x", 1),
                                true,
                                false))
                        .text());
        assertEquals(
                "2<s></s>q",
                templates
                        .render(new ChatTemplating(
                                null,
                                List.of(Map.of("role", "user", "content", "q")),
                                null,
                                null,
                                Map.of("x", 2),
                                false,
                                false))
                        .text());
    }

    @Test
    void onlyTextOfTheTemplateIsTrusted() {
        PromptText prompt = own(OWN).render(request(null, null));
        assertTrue(prompt.trusted(0));
        assertFalse(prompt.trusted(prompt.length() - 1));
    }

    @Test
    void toolsAreWrittenIntoTheTextWhereTheTemplateKnowsNone() {
        ChatTemplating adapted = new ChatTemplating(
                null, List.of(Map.of("role", "user", "content", "q")), TOOLS, null, Map.of(), true, true);
        String text = own("{% for m in messages %}{{ m.content }}{% endfor %}")
                .render(adapted)
                .text();
        assertTrue(text.startsWith("You can call these tools:"), text);
        String plain = own("{% for m in messages %}{{ m.content }}{% endfor %}")
                .render(request(null, TOOLS))
                .text();
        assertEquals("q", plain);
    }

    /** A client sends the same one again and again. */
    @Test
    void templatesOfRequestsAreParsedOnceWhileTheyAreInUse() {
        ChatTemplates templates = own(OWN);
        AnswerFormat first = format(templates, 0);
        for (int i = 1; i < 16; i++) {
            format(templates, i);
        }
        assertSame(first, format(templates, 0));
        AnswerFormat second = format(templates, 1);
        format(templates, 16);
        assertSame(first, format(templates, 0));
        assertSame(second, format(templates, 1));
        AnswerFormat anew = format(templates, 2);
        assertSame(anew, format(templates, 2));
        for (int i = 20; i < 36; i++) {
            format(templates, i);
        }
        assertNotSame(first, format(templates, 0), "only so many are kept");
    }

    private static AnswerFormat format(ChatTemplates templates, int number) {
        return templates.answerFormat(request(source(number + "{{ messages[0].content }}"), null));
    }

    /** The reason why calls come as text must be found in the log, and not once a request. */
    @Test
    void aSyntaxOfCallsThatIsNotKnownIsToldOnce() {
        List<String> logged = new ArrayList<>();
        Handler listens = new Handler() {
            @Override
            public void publish(LogRecord told) {
                logged.add(new SimpleFormatter().formatMessage(told));
            }

            @Override
            public void flush() {
                // Keeps nothing back.
            }

            @Override
            public void close() {
                // Holds nothing.
            }
        };
        Logger log = Logger.getLogger(ChatTemplates.class.getName());
        log.addHandler(listens);
        try {
            ChatTemplates templates = own(OWN);
            templates.answerFormat(request(null, List.of()));
            assertEquals(List.of(), logged);
            templates.answerFormat(request(null, TOOLS));
            templates.answerFormat(request(null, TOOLS));
            assertEquals(1, logged.size());
            assertTrue(
                    logged.getFirst().startsWith("the chat template of model 'm' shows no known syntax"),
                    logged.getFirst());
            own("[TOOL_CALLS] " + OWN).answerFormat(request(null, TOOLS));
            assertEquals(1, logged.size());
        } finally {
            log.removeHandler(listens);
        }
    }
}
