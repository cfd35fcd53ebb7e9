package io.llamanode.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.chat.tools.AnswerFormat;
import io.llamanode.chat.tools.AnswerFormat.Start;
import io.llamanode.chat.tools.AnswerParser;
import io.llamanode.chat.tools.Sentences;
import io.llamanode.chat.tools.answer.Answer;
import io.llamanode.chat.tools.rules.ToolSchemas;
import io.llamanode.grammar.rule.Grammar;
import io.llamanode.grammar.schema.JsonSchema;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** JSON of a schema is the content of an answer, whatever a published template opens in front of it. */
class SharedConstrainedAnswersTest {
    private static final int ROUNDS = 40;
    private static final Grammar SCHEMA = JsonSchema.compile(
                    "{\"enum\": [{\"ok\": true}, [false, null]]}", JsonSchema.Options.DEFAULT)
            .grammar();
    private static final Set<String> VALUES = Set.of("{\"ok\":true}", "[false,null]");

    @TestFactory
    Stream<DynamicTest> theContentIsTheValue() {
        return SharedTemplates.forEach(name -> {
            ChatTemplate template = ChatTemplate.parse(SharedTemplates.source(name));
            AnswerFormat format = template.answerFormat();
            for (boolean mayReason : new boolean[] {true, false}) {
                // What a template opens although it was told not to is closed by whoever renders it.
                boolean inside = mayReason && format.openReasoning(prompt(template)) != null;
                Sentences sentences = new Sentences(
                        format.constrained(SCHEMA, List.of(), new Start(inside, mayReason), 1, ToolSchemas.strict()));
                Random random = new Random(7);
                Set<Boolean> reasoned = new HashSet<>();
                for (int round = 0; round < ROUNDS; round++) {
                    String text = sentences.draw(random);
                    AnswerParser parser = format.parser(List.of(), inside, 1);
                    parser.push(text);
                    parser.finish();
                    Answer answer = parser.answer();
                    assertTrue(VALUES.contains(answer.content()), text);
                    reasoned.add(answer.reasoning() != null);
                }
                assertEquals(format.reasons() && mayReason, reasoned.contains(true), name);
            }
        });
    }

    private static String prompt(ChatTemplate template) {
        return template.render(ChatRequest.of(List.of(Map.of("role", "user", "content", "Hi")))
                        .bosToken("<s>")
                        .eosToken("</s>")
                        .build())
                .text();
    }
}
