package io.llamanode.service.prompt;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.llamanode.account.MemoryAccount;
import io.llamanode.engine.sampling.Grammar;
import io.llamanode.engine.sampling.Sampler;
import io.llamanode.engine.sampling.SamplingParams;
import io.llamanode.grammar.language.Language;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.Given;
import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.OutputFormat;
import io.llamanode.service.contract.task.SamplerOptions;
import io.llamanode.service.model.FakeLoadedModel;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ConstraintsTest {
    private static final OutputFormat GBNF = new OutputFormat.Gbnf("root ::= \"a\"");
    private static final OutputFormat JSON = new OutputFormat.Json("json_schema", "{}");
    private static final PreparedPrompt PROMPT = PreparedPrompt.completion(new int[] {3, 1, 2});

    private final FakeLoadedModel model = new FakeLoadedModel("fake", 1, 1);

    @AfterEach
    void close() {
        model.close();
    }

    private static GenerationOptions options(List<String> stop, OutputFormat format, SamplerOptions samplers) {
        return GenerationDefaults.complete(
                Given.options("stop", stop, "format", format, "samplers", samplers), GenerationOptions.NONE);
    }

    private Sampler sampler(PreparedPrompt prompt, GenerationOptions options) {
        return Constraints.sampler(
                prompt,
                options,
                SamplingParams.GREEDY,
                model,
                new MemoryAccount(1 << 20, 1).open(MemoryAccount.Kind.TASK, "owner", "peer"));
    }

    @Test
    void nothingMayCutJson() {
        FailureException refused = assertThrows(
                FailureException.class, () -> Constraints.refuseContradictions(options(List.of("}"), JSON, null)));
        assertEquals(
                "stop: could cut the JSON that the answer must be",
                refused.failure().message());
        assertDoesNotThrow(() -> Constraints.refuseContradictions(options(List.of(), JSON, null)));
        assertDoesNotThrow(() -> Constraints.refuseContradictions(options(List.of("}"), GBNF, null)));
        assertDoesNotThrow(() -> Constraints.refuseContradictions(options(List.of("}"), null, null)));
    }

    @Test
    void aFreeAnswerNeedsNoSamplerOfItsOwn() {
        assertNull(sampler(PROMPT, options(null, null, null)));
        assertEquals(0, model.samplersMade.get());
    }

    @Test
    void aSamplerKnowsThePromptAndTheGrammar() {
        assertNotNull(sampler(PROMPT, options(null, GBNF, null)));
        assertEquals(List.of(3, 1, 2), model.accepted);
        assertEquals(Grammar.strict(Language.gbnf("root ::= \"a\"")), model.grammar);
        assertNull(model.chain);
    }

    @Test
    void lessCommonSamplersNeedAChainAndNoGrammar() {
        SamplerOptions xtc = new SamplerOptions(
                null, null, null, null, null, 0.5f, null, null, null, null, null, null, null, null, null);
        assertNotNull(sampler(PROMPT, options(null, null, xtc)));
        assertNull(model.grammar);
        assertEquals(0.5f, model.chain.xtc().probability());
    }

    @Test
    void theGrammarOfCallsGoesBeforeThatOfTheOptions() {
        Grammar calls = Grammar.strict(Language.gbnf("root ::= \"call\""));
        sampler(new PreparedPrompt(new int[] {1}, 0, null, null, calls, null), options(null, GBNF, null));
        assertEquals(calls, model.grammar);
    }
}
