package io.llamanode.node.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.llamanode.service.contract.FailureException;
import java.math.BigInteger;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class SettingTest {
    @Test
    void oneNameInAllPlaces() {
        assertEquals("n_threads_batch", Setting.N_THREADS_BATCH.key());
        assertEquals("--n-threads-batch", Setting.N_THREADS_BATCH.option());
        assertEquals("LLAMA_NODE_N_THREADS_BATCH", Setting.N_THREADS_BATCH.variable());
        assertEquals("LLAMA_NODE_LIB", Setting.LLAMA_LIB.variable());
        assertEquals("slots, default 4 (LLAMA_NODE_N_PARALLEL)", Setting.N_PARALLEL.help());
    }

    @Test
    void textOfTheRightKindIsAValue() {
        assertEquals(12L, Setting.PORT.value("12"));
        assertEquals(-1L, Setting.N_GPU_LAYERS.value("-1"));
        assertEquals(true, Setting.EPMD.value("TRUE"));
        assertEquals(false, Setting.EPMD.value("false"));
        assertEquals("12", Setting.NODE_NAME.value("12"));
        assertEquals(true, Setting.BRIDGE.value("true"));
        assertEquals(false, Setting.BRIDGE.value("false"));
        assertEquals("/run/b.sock", Setting.BRIDGE.value("/run/b.sock"));
        assertEquals(List.of("a@b", "c@*"), Setting.ALLOW.value("a@b , c@*"));
        assertEquals(List.of(), Setting.ALLOW.value(" "));
    }

    @Test
    void otherTextStaysForItsCheckToRefuse() {
        assertEquals("1.5", Setting.PORT.value("1.5"));
        assertEquals("1234567890123456789", Setting.PORT.value("1234567890123456789"));
        assertEquals("yes", Setting.EPMD.value("yes"));
    }

    @Test
    void numbersMayBeFractionsAndLongerThanAnyFile() {
        assertEquals(0.7, Setting.TEMPERATURE.value("0.7"));
        assertEquals(-1L, Setting.MAX_TOKENS.value("-1"));
        assertEquals(new BigInteger("18446744073709551615"), Setting.SEED.value("18446744073709551615"));
        assertEquals("warm", Setting.TEMPERATURE.value("warm"));
    }

    @Test
    void listsAndMapsAreJson() {
        assertEquals(List.of("\n\n", "x"), Setting.STOP.value("[\"\\n\\n\", \"x\"]"));
        assertEquals("###", Setting.STOP.value("###"));
        assertEquals(Map.of("type", "text"), Setting.RESPONSE_FORMAT.value("{\"type\": \"text\"}"));
        assertThrows(FailureException.class, () -> Setting.TOOLS.value("[{"));
    }

    /** The file's other name of an option, or what it excludes, does not stand in the way of a flag. */
    @Test
    void aValueTakesThePlaceOfItsOtherNames() {
        Map<String, Object> tree = new HashMap<>(Map.of("n_predict", 5L, "json_schema", "{}", "typ_p", 0.5));
        Setting.MAX_TOKENS.put(tree, 7L);
        Setting.GRAMMAR.put(tree, "root ::= \"a\"");
        assertEquals(Map.of("max_tokens", 7L, "grammar", "root ::= \"a\"", "typ_p", 0.5), tree);
    }

    /** As a command of a server that the node starts, which makes the model one of a server, like a URL. */
    @Test
    void aCommandIsAListAndChoosesTheEngine() {
        Map<String, Object> tree = new HashMap<>();
        Setting.COMMAND.put(tree, Setting.COMMAND.value("[\"llama-server\", \"-m\", \"a.gguf\"]"));
        assertEquals(List.of("llama-server", "-m", "a.gguf").toString(), String.valueOf(tree.get("command")));
        assertEquals("llama_server", tree.get("engine"));
        assertEquals("llama-server -m a", Setting.COMMAND.value("llama-server -m a"));
    }

    @Test
    void valuesStandWhereTheFileHasThem() {
        Map<String, Object> tree = new HashMap<>();
        Setting.PORT.put(tree, 1L);
        Setting.TLS_CERTFILE.put(tree, "c");
        Setting.TLS_KEYFILE.put(tree, "k");
        assertEquals(Map.of("port", 1L, "tls", Map.of("certfile", "c", "keyfile", "k")), tree);
    }
}
