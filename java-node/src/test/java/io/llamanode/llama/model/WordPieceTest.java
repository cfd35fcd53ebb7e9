package io.llamanode.llama.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.gguf.GgufFile;
import io.llamanode.llama.ModelParams;
import io.llamanode.llama.ProgressListener;
import io.llamanode.llama.TestModels;
import io.llamanode.llama.library.TestLibrary;
import java.text.Normalizer;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Vocabularies of BERT on every library, beside the reference tokenizer. */
@ParameterizedClass
@EnumSource(TestLibrary.class)
@Tag("native")
class WordPieceTest {

    @Parameter
    private TestLibrary library;

    private WordPiece reference;

    @BeforeEach
    void requireFiles() {
        library.open();
        reference = new WordPiece(GgufFile.read(TestModels.vocab("bert-bge")).strings("tokenizer.ggml.tokens"));
    }

    private LlamaModel model() {
        return library.load(TestModels.vocab("bert-bge"), ModelParams.VOCABULARY, ProgressListener.NONE);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "hello, World!",
                "caf\u00e9",
                "cafe\u0301",
                "A\u030angstr\u00f6m o\u0308",
                "\u00e1\u0323 a\u0323\u0301",
                "\u0130stanbul I\u0307",
                "stra\u00dfe \ufb01n",
                "\ud55c\uad6d\uc5b4",
                "\u1112\u1161\u11ab\u1100\u116e\u11a8\u110b\u1165",
                "\u65e5\u672c\u8a9e text",
                "\u304c\u304b\u3099",
                "a\u200bb x\u00adY",
                "zo\u00eb's \u00bfqu\u00e9? $5+3=8",
            })
    void givesTheTokensOfTheReference(String text) {
        try (LlamaModel model = model()) {
            for (Normalizer.Form form : new Normalizer.Form[] {Normalizer.Form.NFC, Normalizer.Form.NFD}) {
                String said = Normalizer.normalize(text, form);
                assertArrayEquals(reference.tokenize(said), model.vocab().tokenize(said, false, false), said);
            }
            assertArrayEquals(reference.tokenize(text), model.vocab().tokenize(text, false, false), text);
        }
    }

    @Test
    void randomWordsHaveTheTokensOfTheReference() {
        String letters = "abcdefgh ijklmno prstuvw.,-'\u00e9\u00fc\u00f1\u0301\u0308\u0327\uac00\ud7a3\u4e2d\u3042";
        Random random = new Random(7);
        try (LlamaModel model = model()) {
            for (int i = 0; i < 500; i++) {
                StringBuilder text = new StringBuilder();
                for (int n = random.nextInt(40); n >= 0; n--) {
                    text.append(letters.charAt(random.nextInt(letters.length())));
                }
                String said = text.toString();
                assertArrayEquals(reference.tokenize(said), model.vocab().tokenize(said, false, false), said);
            }
        }
    }

    /** The reference knows no word of over 100 characters; llama.cpp has no such limit, in any release. */
    @Test
    void longWordsAreTakenApart() {
        try (LlamaModel model = model()) {
            String longest = "a".repeat(100);
            assertArrayEquals(reference.tokenize(longest), model.vocab().tokenize(longest, false, false));
            assertEquals(1, reference.tokenize("a".repeat(101)).length);
            assertTrue(model.vocab().tokenize("a".repeat(101), false, false).length > 1);
        }
    }
}
