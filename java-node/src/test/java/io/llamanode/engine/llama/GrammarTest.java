package io.llamanode.engine.llama;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.llamanode.engine.Recorder;
import io.llamanode.engine.contract.GenerationListener.Ending;
import io.llamanode.engine.contract.GenerationListener.FailureKind;
import io.llamanode.engine.sampling.Grammar;
import io.llamanode.engine.sampling.SamplingParams;
import io.llamanode.grammar.automaton.GrammarLimitException;
import io.llamanode.grammar.language.Language;
import io.llamanode.grammar.language.LanguageException;
import io.llamanode.grammar.schema.JsonSchema;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Answers that keep to grammars, of a model with random weights: it obeys only because it must. */
@Tag("native")
class GrammarTest extends SamplingFixture {
    private static final String SCHEMA = """
            {"type": "object", "required": ["n", "ok", "tags"], "additionalProperties": false, "properties": {
              "n": {"type": "integer", "minimum": 1, "maximum": 99}, "ok": {"type": "boolean"},
              "tags": {"type": "array", "items": {"enum": ["a", "b"]}, "maxItems": 3}}}""";

    private Recorder submit(int maxTokens, long seed, Grammar grammar) {
        SamplingParams params = params(seed, Map.of());
        return submit(maxTokens, params, samplers.sampler(params, null, grammar));
    }

    @Test
    void everyAnswerIsJsonOfItsSchemaAndEndsByItself() throws Exception {
        Grammar grammar = Grammar.strict(Language.schema(SCHEMA, JsonSchema.Options.DEFAULT));
        for (long seed = 1; seed <= 12; seed++) {
            Recorder answer = submit(-1, seed, grammar);
            assertEquals(Ending.EOS, answer.outcome().ending());
            JsonNode json = new ObjectMapper().readTree(answer.text());
            // An integer is a value, which 8e+00 is as well.
            double number = json.get("n").doubleValue();
            assertTrue(number == Math.rint(number) && number >= 1 && number <= 99);
            assertTrue(json.get("ok").isBoolean());
            assertTrue(json.get("tags").size() <= 3);
        }
    }

    /** Each combination is another way through the sampler, which the grammar leaves a handful of tokens of. */
    @Test
    void everyWayOfChoosingKeepsToTheGrammar() {
        Grammar grammar = Grammar.strict(Language.gbnf("root ::= [xyz]{25}"));
        for (int topK : new int[] {0, 1, 7, 1000}) {
            for (float topP : new float[] {0, 0.9f, 1}) {
                for (float minP : new float[] {0, 0.1f}) {
                    for (float temperature : new float[] {0, 1, 100}) {
                        SamplingParams params =
                                new SamplingParams(temperature, topK, topP, minP, 1.3f, -1, 0.5f, 0.5f, 1, Map.of());
                        Recorder answer = submit(-1, params, samplers.sampler(params, null, grammar));
                        assertEquals(Ending.EOS, answer.outcome().ending(), params::toString);
                        assertTrue(answer.text().matches("[xyz]{25}"), params::toString);
                    }
                }
            }
        }
    }

    @Test
    void theSameSeedGivesTheSameAnswer() {
        Grammar grammar = Grammar.strict(Language.gbnf("root ::= [a-z]{30}"));
        String first = text(submit(-1, 5, grammar));
        assertEquals(first, text(submit(-1, 5, grammar)));
        assertNotEquals(first, text(submit(-1, 6, grammar)));
    }

    @Test
    void oneStreamsGrammarIsNotAnothers() {
        List<Recorder> letters = List.of(
                submit(-1, 1, Grammar.strict(Language.gbnf("root ::= \"a\"{20}"))),
                submit(-1, 1, Grammar.strict(Language.gbnf("root ::= \"b\"{30}"))),
                submit(-1, 1, Grammar.strict(Language.gbnf("root ::= \"c\"{40}"))));
        assertEquals("a".repeat(20), text(letters.get(0)));
        assertEquals("b".repeat(30), text(letters.get(1)));
        assertEquals("c".repeat(40), text(letters.get(2)));
    }

    @Test
    void aCompleteAnswerEndsEvenWhereItsEndIsToBeIgnored() {
        SamplingParams params = params(1, noEnd());
        Recorder answer = submit(
                1000,
                params,
                samplers.sampler(params, null, Grammar.strict(Language.gbnf("root ::= \"yes\" | \"no\""))));
        assertEquals(Ending.EOS, answer.outcome().ending());
        assertTrue(List.of("yes", "no").contains(answer.text()));
    }

    @Test
    void whatNoTokenCanSpellFailsItsRequestAlone() {
        Map<Integer, Float> never = new HashMap<>();
        for (int token = 0; token < vocabulary.size(); token++) {
            if (new String(vocabulary.piece(token), StandardCharsets.ISO_8859_1).contains("q")) {
                never.put(token, Float.NEGATIVE_INFINITY);
            }
        }
        SamplingParams params = params(1, never);
        Recorder beside = submit(60, 3, Grammar.strict(Language.gbnf("root ::= [a-z]{200}")));
        Recorder stuck =
                submit(-1, params, samplers.sampler(params, null, Grammar.strict(Language.gbnf("root ::= \"aq\""))));
        assertEquals(FailureKind.DECODE_FAILED, stuck.failure());
        assertEquals(Ending.LIMIT, beside.outcome().ending());
        assertEquals("ok", text(submit(-1, 1, Grammar.strict(Language.gbnf("root ::= \"ok\"")))));
    }

    @Test
    void controlTokensAreNoTextOfAnAnswer() {
        // To llama.cpp <s> is these three characters, and it is made the likeliest token by far.
        SamplingParams params = params(1, Map.of(model.vocab().bos(), 1000f));
        Recorder answer =
                submit(-1, params, samplers.sampler(params, null, Grammar.strict(Language.gbnf("root ::= [<s>]{9}"))));
        assertEquals(9, text(answer).length());
    }

    @Test
    void aTriggeredGrammarLeavesFreeWhatComesBefore() {
        String text = text(submit(200, 1, new Grammar(Language.gbnf("root ::= \"1\"{5}"), List.of("zzzzzzzzz"))));
        assertTrue(text.length() > 100, text);
        boolean came = false;
        for (long seed = 1; seed <= 20; seed++) {
            Recorder answer =
                    submit(200, seed, new Grammar(Language.gbnf("root ::= \"=\" [0-9]{5}"), List.of("e", "ab")));
            Ending ending = answer.outcome().ending();
            int at = firstTrigger(answer.text());
            if (at >= 0) {
                came = true;
                assertEquals(Ending.EOS, ending);
                assertTrue(answer.text().substring(at).matches("=[0-9]{5}"), answer.text());
            }
        }
        assertTrue(came);
    }

    /** Each of them ended the process, or filled its memory, while a library read it. */
    @Test
    void noGrammarCanHarmTheNode() {
        assertTrue(text(submit(40, 1, Grammar.strict(Language.gbnf("root ::= ((\"a\"{#x\n0,3})* \"b\")"))))
                .matches("a*b?"));
        assertTrue(text(submit(40, 1, Grammar.strict(Language.gbnf("root ::= (\"a\"{#x\n900000000})"))))
                .matches("a{40,}"));
        assertTrue(text(submit(40, 1, Grammar.strict(Language.gbnf("root ::= root \"+\" root | [0-9]"))))
                .matches("[0-9+]+"));
        assertTrue(text(submit(40, 1, Grammar.strict(Language.gbnf("root ::= ((\"a\"?)*)* \"b\""))))
                .matches("a*b?"));
    }

    private static int firstTrigger(String text) {
        int e = text.indexOf('e');
        int ab = text.indexOf("ab");
        return e >= 0 && (ab < 0 || e < ab) ? e + 1 : ab >= 0 ? ab + 2 : -1;
    }

    @Test
    void whatIsNoGrammarIsRefused() {
        for (String gbnf : List.of("", "root ::= (", "start ::= \"a\"", "root ::= missing", "root ::= \"a\"{3,2}")) {
            assertThrows(
                    LanguageException.class,
                    () -> samplers.sampler(params(1, Map.of()), null, Grammar.strict(Language.gbnf(gbnf))),
                    gbnf);
        }
        assertThrows(
                GrammarLimitException.class,
                () -> samplers.sampler(
                        params(1, Map.of()), null, Grammar.strict(Language.gbnf("root ::= root \"a\""))));
        assertThrows(IllegalArgumentException.class, () -> new Grammar(Language.gbnf("root ::= \"a\""), List.of("")));
    }
}
