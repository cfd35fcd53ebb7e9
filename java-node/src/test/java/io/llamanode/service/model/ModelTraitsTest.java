package io.llamanode.service.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.gguf.GgmlType;
import io.llamanode.gguf.GgufFile;
import io.llamanode.gguf.GgufWriter;
import io.llamanode.service.contract.Capability;
import io.llamanode.service.contract.task.TaskInput.Pooling;
import io.llamanode.service.model.ModelTraits.Structure;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What headers of a few tensors and keys say. */
class ModelTraitsTest {
    @TempDir
    private Path directory;

    private int files;

    private static GgufWriter model(String architecture, String... tensors) {
        GgufWriter writer =
                new GgufWriter().text("general.architecture", architecture).text("tokenizer.ggml.model", "llama");
        Arrays.stream(tensors)
                .forEach(name ->
                        writer.tensor(name, GgmlType.F32, new long[] {1}, out -> out.write(new byte[Float.BYTES])));
        return writer;
    }

    private ModelTraits traits(GgufWriter writer) {
        return ModelTraits.of(read(writer), false);
    }

    private GgufFile read(GgufWriter writer) {
        return GgufFile.read(writer.write(directory.resolve(files++ + ".gguf")));
    }

    private static GgufWriter llama() {
        return model("llama", "token_embd.weight");
    }

    @Test
    void aDecoderGeneratesAndGivesEmbeddings() {
        ModelTraits traits = traits(llama());
        assertEquals(Structure.DECODER, traits.structure());
        assertEquals(Set.of(Capability.COMPLETION, Capability.EMBEDDING, Capability.TOKENIZE), traits.capabilities());
        assertTrue(traits.generates());
    }

    @Test
    void aFileWithoutTensorsIsAVocabulary() {
        ModelTraits traits = traits(model("llama"));
        assertEquals(Structure.NONE, traits.structure());
        assertEquals(Set.of(Capability.TOKENIZE), traits.capabilities());
        ModelTraits asked = ModelTraits.of(read(llama()), true);
        assertEquals(Structure.NONE, asked.structure());
        assertEquals(Set.of(Capability.TOKENIZE), asked.capabilities());
    }

    @ParameterizedTest
    @ValueSource(strings = {"none", "no_vocab"})
    void someFilesHaveNoVocabulary(String model) {
        assertFalse(traits(llama().text("tokenizer.ggml.model", model)).can(Capability.TOKENIZE));
        assertFalse(traits(llama().remove("tokenizer.ggml.model")).can(Capability.TOKENIZE));
    }

    @Test
    void aChatNeedsATemplateThatSaysSomething() {
        assertTrue(traits(llama().text("tokenizer.chat_template", "{{ x }}")).can(Capability.CHAT));
        assertFalse(traits(llama().text("tokenizer.chat_template", " \n")).can(Capability.CHAT));
        assertFalse(traits(model("bert", "x").text("tokenizer.chat_template", "{{ x }}"))
                .can(Capability.CHAT));
    }

    @ParameterizedTest
    @ValueSource(strings = {"tokenizer.ggml.fim_pre_token_id", "tokenizer.ggml.prefix_token_id"})
    void aGapIsFilledByModelsThatHaveATokenForIt(String key) {
        assertTrue(traits(llama().uint32(key, 1)).can(Capability.INFILL));
        assertFalse(traits(model("bert", "x").uint32(key, 1)).can(Capability.INFILL));
        assertFalse(traits(model("t5", "x").uint32(key, 1)).can(Capability.INFILL));
    }

    @Test
    void tokensOfGapsAreKnownByTheirTextAsWell() {
        String tokens = "tokenizer.ggml.tokens";
        assertTrue(traits(llama().texts(tokens, List.of("a", "<|fim_prefix|>"))).can(Capability.INFILL));
        assertFalse(
                traits(llama().texts(tokens, List.of("a", "<|fim_suffix|>"))).can(Capability.INFILL));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "bert",
                "modern-bert",
                "neo-bert",
                "nomic-bert",
                "nomic-bert-moe",
                "jina-bert-v2",
                "jina-bert-v3",
                "eurobert",
                "gemma-embedding"
            })
    void encodersOfTheBertFamilyGiveEmbeddingsOnly(String architecture) {
        ModelTraits traits = traits(model(architecture, "token_embd.weight"));
        assertEquals(Structure.BIDIRECTIONAL, traits.structure());
        assertEquals(Set.of(Capability.EMBEDDING, Capability.TOKENIZE), traits.capabilities());
        assertFalse(traits.generates());
    }

    @Test
    void aFileMaySayWhichWayItsAttentionGoes() {
        assertEquals(
                Structure.BIDIRECTIONAL,
                traits(llama().bool("llama.attention.causal", false)).structure());
        assertEquals(
                Structure.DECODER,
                traits(model("bert", "x").bool("bert.attention.causal", true)).structure());
    }

    @Test
    void t5IsWholeOrAnEncoder() {
        ModelTraits whole = traits(model("t5", "x"));
        assertEquals(Structure.ENCODER_DECODER, whole.structure());
        assertEquals(Set.of(Capability.COMPLETION, Capability.TOKENIZE), whole.capabilities());
        ModelTraits encoder = traits(model("t5encoder", "x"));
        assertEquals(Structure.ENCODER, encoder.structure());
        assertEquals(Set.of(Capability.EMBEDDING, Capability.TOKENIZE), encoder.capabilities());
    }

    @ParameterizedTest
    @CsvSource({
        "true, cls.weight cls.bias",
        "true, cls.weight cls.bias cls.output.weight cls.output.bias",
        "true, cls.output.weight cls.output.bias",
        "true, cls.weight cls.output.weight cls.output.bias",
        "false, cls.weight cls.bias cls.output.weight",
        "false, cls.weight cls.bias cls.output.bias",
        "false, cls.weight",
        "false, cls.output.weight",
        "false, token_embd.weight",
    })
    void scoresNeedAWholeRankHead(boolean ranks, String tensors) {
        GgufWriter writer = model("bert", tensors.split(" ")).uint32("bert.pooling_type", 4);
        assertEquals(ranks, traits(writer).can(Capability.RERANK));
        assertFalse(traits(writer.uint32("bert.pooling_type", 2)).can(Capability.RERANK), "it pools otherwise");
        assertFalse(
                traits(model("llama", tensors.split(" ")).uint32("llama.pooling_type", 4))
                        .can(Capability.RERANK),
                "a generator");
    }

    @ParameterizedTest
    @CsvSource({"0, MEAN", "1, MEAN", "2, CLS", "3, LAST", "4, CLS", "99, MEAN", "-1, MEAN"})
    void poolingIsThatOfTheFile(int code, Pooling pooling) {
        assertEquals(
                pooling,
                traits(model("bert", "x").uint32("bert.pooling_type", code)).pooling());
    }

    @Test
    void withoutAnOpinionTheMeanIsTaken() {
        assertEquals(Pooling.MEAN, traits(llama()).pooling());
    }
}
