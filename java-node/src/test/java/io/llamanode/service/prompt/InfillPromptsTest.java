package io.llamanode.service.prompt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.llamanode.engine.model.InfillTokens;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.TaskInput;
import io.llamanode.service.contract.task.TaskInput.Snippet;
import io.llamanode.service.model.FakeLoadedModel;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** In the vocabulary of these tests, {@code <} is the token before a prefix, {@code >} before a suffix, {@code |} in the middle. */
class InfillPromptsTest {
    private final FakeLoadedModel model = new FakeLoadedModel("fake", 1, 1);

    @AfterEach
    void close() {
        model.close();
    }

    private String prompt(String prefix, String suffix, List<Snippet> extra, String begun, int maxTokens) {
        TaskInput.Infill input = new TaskInput.Infill(null, prefix, suffix, extra, begun, GenerationOptions.NONE);
        return model.model.detokenize(InfillPrompts.tokens(input, maxTokens, model), false);
    }

    private static Snippet snippet(String name, String text) {
        return new Snippet(name, text);
    }

    @Test
    void theTextsStandBehindTheirControlTokens() {
        assertEquals("<pre>suf|", prompt("pre", "suf", List.of(), "", -1));
        assertEquals("<prebegun>suf|", prompt("pre", "suf", List.of(), "begun", -1));
        assertEquals("<>|", prompt("", "", List.of(), "", -1));
    }

    @Test
    void theTokenThatBeginsATextComesFirst() {
        model.model.bos = OptionalInt.of('^');
        assertEquals("^<pre>suf|", prompt("pre", "suf", List.of(), "", -1));
    }

    @Test
    void otherTextsComeFirst() {
        assertEquals(
                "\n\n--- snippet ---\n\none\n\n--- snippet ---\n\ntwo<pre>suf|",
                prompt("pre", "suf", List.of(snippet("a", "one"), snippet("b", "two")), "", -1));
    }

    @Test
    void modelsThatKnowFilesAndRepositoriesGetTheirNames() {
        model.model.infill = Optional.of(new InfillTokens('<', '>', '|', OptionalInt.of('R'), OptionalInt.of('F')));
        assertEquals(
                "Rmyproject\nFa.c\nintFfilename\n<pre>suf|",
                prompt("pre", "suf", List.of(snippet("a.c", "int")), "", -1));
        model.model.infill = Optional.of(new InfillTokens('<', '>', '|', OptionalInt.empty(), OptionalInt.of('F')));
        assertEquals("Ffilename\n<pre>suf|", prompt("pre", "suf", List.of(), "", -1));
    }

    /** Of a context of 40, a quarter is for the answer; 26 are left beside the control tokens. */
    @Test
    void whatIsFarthestFromTheGapIsLeftOut() {
        model.nCtx = 40;
        String prefix = "0123456789".repeat(4) + "abcdefghijklmnopqrst";
        String suffix = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
        assertEquals("<abcdefghijklmnopqrst>ABCDEF|", prompt(prefix, suffix, List.of(), "", -1));
        assertEquals("<xyz>ABCDEFGHIJKLMNOPQRSTUVW|", prompt("xyz", suffix, List.of(), "", -1));
        assertEquals("<6789abcdefghijklmnopqrst>AB|", prompt(prefix, "AB", List.of(), "", -1));
        assertEquals("<efghijklmnopqrstbegun>ABCDE|", prompt(prefix, suffix, List.of(), "begun", -1));
    }

    @Test
    void otherTextsGetTheRoomThatIsLeft() {
        model.nCtx = 40;
        List<Snippet> extra = List.of(snippet("a", "0123456789"));
        assertEquals("--\n\n0123456789<pre>suffix...|", prompt("pre", "suffix...", extra, "", -1));
        assertEquals("9<pre>" + "s".repeat(22) + "|", prompt("pre", "s".repeat(22), extra, "", -1));
        assertEquals("<pre>" + "s".repeat(23) + "|", prompt("pre", "s".repeat(23), extra, "", -1));
    }

    /** Prefix, suffix, middle and the first token of the answer take four tokens. */
    @Test
    void theAnswerGetsTheRoomThatItAsksForUpToHalfOfTheContext() {
        model.nCtx = 40;
        String prefix = "p".repeat(100);
        assertEquals("<" + "p".repeat(36) + ">|", prompt(prefix, "", List.of(), "", 0));
        assertEquals("<" + "p".repeat(29) + ">|", prompt(prefix, "", List.of(), "", 7));
        assertEquals("<" + "p".repeat(16) + ">|", prompt(prefix, "", List.of(), "", 1000));
        model.model.bos = OptionalInt.of('^');
        assertEquals("^<" + "p".repeat(15) + ">|", prompt(prefix, "", List.of(), "", 1000));
    }

    @Test
    void aBeginningThatLeavesNoRoomIsRefused() {
        model.nCtx = 40;
        assertEquals("<pp" + "b".repeat(24) + ">|", prompt("pp", "ss", List.of(), "b".repeat(24), -1));
        FailureException refused =
                assertThrows(FailureException.class, () -> prompt("pp", "ss", List.of(), "b".repeat(25), -1));
        assertEquals(
                "prompt: has 25 tokens, which leaves no room for the texts around it in a context of 40 (n_ctx)",
                refused.failure().message());
    }

    @Test
    void whatCannotFitIsNotTokenized() {
        model.nCtx = 40;
        int most = 40 * InputSize.LONGEST_TOKEN;
        prompt("p".repeat(3 * most), "s".repeat(3 * most), List.of(), "", -1);
        assertEquals(most, model.model.longestText);
        model.nCtx = 20_000_000;
        assertEquals("<pre>suf|", prompt("pre", "suf", List.of(), "", -1));
    }

    @Test
    void theGapIsNextToWhatIsKeptOfALongPrefix() {
        model.nCtx = 40;
        int most = 40 * InputSize.LONGEST_TOKEN;
        assertEquals("<" + "q".repeat(26) + ">|", prompt("p".repeat(2 * most) + "q".repeat(26), "", List.of(), "", -1));
    }

    @Test
    void aModelWithoutTokensForItCannotFillGaps() {
        model.model.infill = Optional.empty();
        FailureException refused = assertThrows(FailureException.class, () -> prompt("pre", "suf", List.of(), "", -1));
        assertEquals(ErrorCode.UNSUPPORTED, refused.failure().code());
        assertEquals("model 'fake' has no tokens for infill", refused.failure().message());
    }
}
