package io.llamanode.llama.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.gguf.GgufFile;
import io.llamanode.gguf.GgufWriter;
import io.llamanode.llama.ModelParams;
import io.llamanode.llama.ProgressListener;
import io.llamanode.llama.TestModels;
import io.llamanode.llama.UnsupportedException;
import io.llamanode.llama.VocabType;
import io.llamanode.llama.library.TestLibrary;
import io.llamanode.testmodel.SyntheticModels;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@ParameterizedClass
@EnumSource(TestLibrary.class)
@Tag("native")
class VocabTest {

    @Parameter
    private TestLibrary library;

    @TempDir
    private Path directory;

    @BeforeEach
    void requireLibrary() {
        library.open();
    }

    private LlamaModel vocabulary(Path file) {
        return library.load(file, ModelParams.VOCABULARY, ProgressListener.NONE);
    }

    private LlamaModel tiny() {
        return vocabulary(SyntheticModels.write(SyntheticModels.tiny(), directory.resolve("tiny.gguf")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama-spm", "gpt-2", "bert-bge"})
    void givesTheTokensOfTheReferenceTokenizers(String name) throws IOException {
        Path file = TestModels.vocab(name);
        String inputs = Files.readString(Path.of(file + ".inp"));
        String[] texts = inputs.split("\n__ggml_vocab_test__\n", -1);
        List<String> expected = Files.readAllLines(Path.of(file + ".out"));
        assertTrue(texts.length > 40, texts.length + " texts");
        try (LlamaModel model = vocabulary(file)) {
            for (int i = 0; i < expected.size() && i < texts.length; i++) {
                int[] ids = Arrays.stream(expected.get(i).strip().split(" "))
                        .filter(id -> !id.isEmpty())
                        .mapToInt(Integer::parseInt)
                        .toArray();
                assertArrayEquals(ids, model.vocab().tokenize(texts[i], false, false), "[" + texts[i] + "]");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "a\0b", "\0", "na\u00efve \uD83E\uDD99 \u65E5\u672C", "a\n\n b\t"})
    void bytesSurviveTokenizing(String text) {
        try (LlamaModel model = tiny()) {
            int[] tokens = model.vocab().tokenize(text, false, false);
            String back = new String(model.vocab().detokenize(tokens, false), StandardCharsets.UTF_8);
            assertEquals(text, back);
        }
    }

    @Test
    void anUnpairedSurrogateIsAQuestionMark() {
        try (LlamaModel model = tiny()) {
            assertArrayEquals(
                    model.vocab().tokenize("a?b", false, false), model.vocab().tokenize("a\uD83Eb", false, false));
        }
    }

    @Test
    void fiveMegabytesAreTokenized() {
        String text = "ab ".repeat(5_000_000 / 3);
        try (LlamaModel model = tiny()) {
            int[] tokens = model.vocab().tokenize(text, false, false);
            assertTrue(tokens.length > 1_000_000, tokens.length + " tokens");
        }
    }

    /** The regular expressions of byte pair encodings recurse for every character of a word. */
    @Test
    void aVeryLongWordDoesNotOverflowTheStack() {
        GgufFile file = GgufFile.read(TestModels.vocab("gpt-2"));
        Path qwen = new GgufWriter()
                .copyMetadata(file, "")
                .text("tokenizer.ggml.pre", "qwen2")
                .write(directory.resolve("qwen2.gguf"));
        try (LlamaModel model = vocabulary(qwen)) {
            assertEquals(200_000, model.vocab().tokenize("ab".repeat(200_000), false, false).length);
        }
    }

    @Test
    void controlTokensAreParsedOnlyOnRequest() {
        try (LlamaModel model = tiny()) {
            Vocab vocab = model.vocab();
            assertEquals(VocabType.SPM, vocab.type());
            assertEquals(1, vocab.bos());
            assertEquals(2, vocab.eos());
            assertTrue(vocab.addBos());
            assertFalse(vocab.addEos());
            assertTrue(vocab.isControl(1));
            assertTrue(vocab.isEog(2));
            assertFalse(vocab.isEog(1));
            assertTrue(vocab.isByte(3));
            assertArrayEquals(new int[] {2}, vocab.tokenize("</s>", false, true));
            assertTrue(vocab.tokenize("</s>", false, false).length > 1);
            assertEquals(1, vocab.tokenize("a", true, false)[0]);
        }
    }

    @Test
    void piecesAreBytes() {
        try (LlamaModel model = tiny()) {
            assertArrayEquals(new byte[] {(byte) 0xE6}, model.vocab().piece(3 + 0xE6, false));
            assertEquals(0, model.vocab().piece(2, false).length);
            assertEquals("</s>", new String(model.vocab().piece(2, true), StandardCharsets.UTF_8));
            assertEquals("</s>", model.vocab().text(2));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 300, Integer.MAX_VALUE, Integer.MIN_VALUE})
    void aTokenOutOfRangeIsRefused(int token) {
        try (LlamaModel model = tiny()) {
            Vocab vocab = model.vocab();
            assertThrows(IllegalArgumentException.class, () -> vocab.piece(token, false));
            assertThrows(IllegalArgumentException.class, () -> vocab.detokenize(new int[] {5, token}, false));
            assertThrows(IllegalArgumentException.class, () -> vocab.isEog(token));
            assertThrows(IllegalArgumentException.class, () -> vocab.isControl(token));
            assertThrows(IllegalArgumentException.class, () -> vocab.text(token));
        }
    }

    private static void refusesToAdd(LlamaModel model, String... named) {
        UnsupportedException e =
                assertThrows(UnsupportedException.class, () -> model.vocab().tokenize("a", true, false));
        for (String name : named) {
            assertTrue(e.getMessage().contains(name), e.getMessage());
        }
        assertTrue(model.vocab().tokenize("a", false, false).length > 0);
    }

    @Test
    void aVocabularyThatWantsAnEndItDoesNotNameRefusesToAddIt() {
        Path file = SyntheticModels.writer(SyntheticModels.tiny())
                .uint32("tokenizer.ggml.eos_token_id", -1)
                .bool("tokenizer.ggml.add_eos_token", true)
                .write(directory.resolve("no-eos.gguf"));
        try (LlamaModel model = vocabulary(file)) {
            if (model.vocab().eos() == Vocab.NONE) {
                refusesToAdd(model, "eos_token_id", "add_eos_token");
            } else {
                int[] tokens = model.vocab().tokenize("a", true, false);
                assertEquals(model.vocab().eos(), tokens[tokens.length - 1]);
            }
        }
    }

    /** llama.cpp puts [CLS] and [SEP] around a text, whatever the file asks for. */
    @Test
    void wordPieceNeedsNoEndOfSequence() {
        GgufFile bert = GgufFile.read(TestModels.vocab("bert-bge"));
        Path file = new GgufWriter()
                .copyMetadata(bert, "")
                .bool("tokenizer.ggml.add_eos_token", true)
                .remove("tokenizer.ggml.eos_token_id")
                .write(directory.resolve("bert.gguf"));
        try (LlamaModel model = vocabulary(file)) {
            Vocab vocab = model.vocab();
            int[] tokens = vocab.tokenize("hello", true, false);
            assertEquals(vocab.bos(), tokens[0]);
            assertEquals(vocab.sep(), tokens[tokens.length - 1]);
        }
    }

    @Test
    void theSpaceInFrontIsNoPartOfTheText() {
        try (LlamaModel model = tiny()) {
            Vocab vocab = model.vocab();
            int[] tokens = vocab.tokenize("a b", true, false);
            assertEquals(vocab.bos(), tokens[0]);
            assertEquals("a b", text(vocab, tokens, false));
            assertEquals("a b", text(vocab, vocab.tokenize("a b", false, false), false));
            assertEquals("a b", text(vocab, vocab.tokenize("<s></s>a b", true, true), false));
            // One space is the tokenizer's, another one the text's.
            assertEquals(" a", text(vocab, vocab.tokenize(" a", true, false), false));
            assertEquals("", text(vocab, new int[] {vocab.bos()}, false));
            assertEquals("", text(vocab, new int[] {}, false));
        }
    }

    @Test
    void controlTokensAreSpelledOnRequest() {
        try (LlamaModel model = tiny()) {
            Vocab vocab = model.vocab();
            String spelled = text(vocab, vocab.tokenize("a</s>", true, true), true);
            assertTrue(spelled.startsWith("<s>") && spelled.endsWith("a</s>"), spelled);
            assertEquals("a", text(vocab, vocab.tokenize("a</s>", true, true), false));
        }
    }

    private static String text(Vocab vocab, int[] tokens, boolean special) {
        return new String(vocab.detokenize(tokens, special), StandardCharsets.UTF_8);
    }

    @Test
    void aVocabularyWithoutTheTokensItWantsRefusesToAddThem() {
        Path file = SyntheticModels.writer(SyntheticModels.tiny())
                .uint32("tokenizer.ggml.bos_token_id", -1)
                .write(directory.resolve("no-bos.gguf"));
        try (LlamaModel model = vocabulary(file)) {
            if (model.vocab().bos() == Vocab.NONE) {
                refusesToAdd(model, "bos_token_id", "add_bos_token");
            } else {
                assertEquals(model.vocab().bos(), model.vocab().tokenize("a", true, false)[0]);
            }
        }
    }
}
