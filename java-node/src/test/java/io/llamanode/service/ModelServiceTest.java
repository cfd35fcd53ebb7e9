package io.llamanode.service;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.engine.model.FakeModel;
import io.llamanode.service.contract.Capability;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.model.ModelConfig;
import io.llamanode.service.contract.model.ModelInspection;
import io.llamanode.service.contract.task.ChatTemplating;
import io.llamanode.service.contract.task.TokenPiece;
import io.llamanode.service.contract.task.TokenText;
import io.llamanode.service.model.ModelLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** What requests ask of models: tokens, templates, files. */
class ModelServiceTest extends ServiceFixture {
    private static TokenText text(String content) {
        return new TokenText(null, content, true, false);
    }

    private Answer<int[]> tokenize(TokenText text) {
        Answer<int[]> reply = new Answer<>();
        service.models().tokenize(me, text, reply);
        return reply;
    }

    private Answer<String> detokenize(boolean special, int... tokens) {
        Answer<String> reply = new Answer<>();
        service.models().detokenize(me, null, tokens, special, reply);
        return reply;
    }

    private static String refusal(Executable call) {
        return assertThrows(FailureException.class, call).failure().message();
    }

    @Test
    void aTextBecomesTokensAsItIsAskedFor() {
        model.model.bos = OptionalInt.of('^');
        assertArrayEquals(new int[] {'^', 'a'}, tokenize(text("a")).value());
        assertArrayEquals(
                new int[] {'a'},
                tokenize(new TokenText(null, "a", false, false)).value());
        assertArrayEquals(
                new int[] {FakeModel.EOG},
                tokenize(new TokenText("fake", "<eog>", false, true)).value());
        Answer<Integer> count = new Answer<>();
        service.models().countTokens(me, text("abc"), count);
        assertEquals(4, count.value());
    }

    @Test
    void everyTokenIsSpelled() {
        Answer<List<TokenPiece>> pieces = new Answer<>();
        service.models().pieces(me, new TokenText(null, "a<eog>", false, true), pieces);
        assertEquals(2, pieces.value().size());
        assertEquals('a', pieces.value().getFirst().id());
        assertEquals(FakeModel.EOG, pieces.value().getLast().id());
        assertEquals("<eog>", new String(pieces.value().getLast().piece(), StandardCharsets.US_ASCII));
    }

    @Test
    void aTextHasALongestLength() {
        assertEquals(1 << 20, tokenize(text("a".repeat(1 << 20))).value().length);
        assertEquals(
                "content: has 1048577 characters, at most 1048576 are tokenized",
                refusal(() -> tokenize(text("a".repeat((1 << 20) + 1)))));
    }

    @Test
    void tokensBecomeTextWithTheirControlTokensOrWithout() {
        assertEquals("ab", detokenize(false, 'a', FakeModel.EOG, 'b').value());
        assertEquals("a<eog>b", detokenize(true, 'a', FakeModel.EOG, 'b').value());
        assertEquals("", detokenize(false).value());
    }

    @Test
    void noTokenBecomesTextThatIsNotThere() {
        assertEquals("\u0000", detokenize(false, 0).value());
        assertEquals(
                "tokens: there is no token 257; the vocabulary has 257 tokens",
                refusal(() -> detokenize(false, 'a', 257)));
        assertEquals(
                "tokens: there is no token -1; the vocabulary has 257 tokens", refusal(() -> detokenize(false, -1)));
    }

    @Test
    void aModelWithoutATokenizerSaysSo() {
        model.capabilities = EnumSet.of(Capability.COMPLETION);
        for (Answer<?> reply : List.of(tokenize(text("a")), detokenize(false, 'a'))) {
            assertEquals("model 'fake' has no tokenizer", reply.message());
            assertTrue(reply.failedWith(ErrorCode.UNSUPPORTED));
        }
    }

    @Test
    void usesOfAModelAreCounted() {
        assertEquals(0, service.models().list().getFirst().useCount());
        tokenize(text("a")).value();
        detokenize(false, 'a').value();
        assertEquals(2, service.models().list().getFirst().useCount());
    }

    @Test
    void aModelThatIsNotThereIsNamed() {
        TokenText other = new TokenText("other", "a", true, false);
        assertEquals("model: there is no model 'other'; loaded are [fake]", refusal(() -> tokenize(other)));
    }

    @Test
    void aConversationIsWrittenWithTheTemplate() {
        Answer<String> prompt = new Answer<>();
        service.models()
                .applyTemplate(
                        me,
                        new ChatTemplating(
                                null,
                                List.of(Map.of("role", "user", "content", "q")),
                                null,
                                null,
                                Map.of(),
                                true,
                                true),
                        prompt);
        assertEquals("user:q<eog>assistant:", prompt.value());
    }

    private ModelInspection inspect() {
        Answer<ModelInspection> reply = new Answer<>();
        service.models().inspect(me, ModelConfig.of(Path.of("x.gguf")), reply);
        return reply.value();
    }

    @Test
    void aFileTellsWhatItsLoadWouldTake() {
        preview = new ModelLoader.Preview(model.header(), OptionalLong.of(12));
        assertEquals(model.header(), inspect().header());
        assertEquals(12L, inspect().requiredBytes());
        preview = new ModelLoader.Preview(model.header(), OptionalLong.empty());
        assertNull(inspect().requiredBytes(), "more than can be counted");
    }

    @Test
    void lookingAtAFileMayFail() {
        previewed = () -> {
            throw new FailureException(ErrorCode.MODEL_LOAD_FAILED, "no model");
        };
        Answer<ModelInspection> refused = new Answer<>();
        service.models().inspect(me, ModelConfig.of(Path.of("x.gguf")), refused);
        assertEquals("no model", refused.message());
        previewed = () -> {};
        Answer<ModelInspection> defect = new Answer<>();
        service.models().inspect(me, ModelConfig.of(Path.of("x.gguf")), defect);
        assertTrue(defect.failedWith(ErrorCode.UNKNOWN));
        assertTrue(defect.message().startsWith("a defect of the node; the log has it under "), defect.message());
    }

    @Test
    void aNodeThatStopsTakesNoMoreOfIt() {
        service.close();
        Answer<ModelInspection> refused = new Answer<>();
        service.models().inspect(me, ModelConfig.of(Path.of("x.gguf")), refused);
        assertEquals("the node is stopping", refused.message());
        assertTrue(refused.failedWith(ErrorCode.SERVER_BUSY));
    }
}
