package io.llamanode.chat.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.chat.tools.AnswerFormat.Start;
import io.llamanode.chat.tools.answer.Answer;
import io.llamanode.chat.tools.rules.ToolSchemas;
import io.llamanode.grammar.gbnf.Gbnf;
import io.llamanode.grammar.rule.Grammar;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** An answer that keeps to a grammar has all of it, and nothing else, in its content, whatever reasoning comes in front. */
class ConstrainedAnswersTest {
    private static final Grammar BODY = Gbnf.parse("root ::= \"{\\\"ok\\\": \" (\"true\" | \"false\") \"}\"");

    static Stream<AnswerFormat> formats() {
        return CallGrammarTest.formats();
    }

    @ParameterizedTest
    @MethodSource("formats")
    void theContentIsWhatKeepsToTheGrammar(AnswerFormat format) {
        Random random = new Random(9);
        boolean reasons = format.reasons();
        for (Start start : List.of(new Start(false, false), new Start(false, true), new Start(true, true))) {
            boolean inside = start.insideReasoning() && format.reasoning() != null;
            Sentences sentences = new Sentences(format.constrained(BODY, List.of(), start, 1, ToolSchemas.strict()));
            Set<Boolean> reasoned = new HashSet<>();
            for (int round = 0; round < 60; round++) {
                String text = sentences.draw(random);
                AnswerParser parser = format.parser(List.of(), inside, 1);
                parser.push(text);
                parser.finish();
                Answer answer = parser.answer();
                assertTrue(Set.of("{\"ok\": true}", "{\"ok\": false}").contains(answer.content()), text);
                reasoned.add(answer.reasoning() != null);
            }
            assertFalse(!reasons && reasoned.contains(true));
            assertEquals(reasons && start.mayReason(), reasoned.contains(true));
        }
    }
}
