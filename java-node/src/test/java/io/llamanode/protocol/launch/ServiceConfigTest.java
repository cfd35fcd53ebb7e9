package io.llamanode.protocol.launch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.Origin;
import io.llamanode.service.contract.model.ModelConfig;
import io.llamanode.service.contract.model.NodeConfig;
import io.llamanode.service.contract.model.Origins;
import io.llamanode.service.contract.task.TemplateChoice;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Configurations of nodes that run as a service. */
class ServiceConfigTest {
    private static ServiceConfig decode(String json) {
        Map<String, Object> tree = ServiceConfigDecoder.parse("file", json);
        tree.putIfAbsent("node_name", "n@h");
        return ServiceConfigDecoder.decode(tree, "swordfish", new Origins(Map.of(), Origin.FILE));
    }

    private static String refusal(String json) {
        return assertThrows(FailureException.class, () -> decode(json))
                .failure()
                .message();
    }

    @Test
    void defaults() {
        ServiceConfig config = decode("{}");
        assertEquals(new BridgeSettings(null, 32, 1 << 20, "rw-------", null, null, false), config.bridge());
        assertEquals(30_000, config.drainTimeoutMs());
        assertEquals("n@h", config.launch().nodeName());
        assertEquals("swordfish", config.launch().cookie());
        assertFalse(config.toString().contains("swordfish"));
        assertEquals(0, config.launch().node().models().size());
    }

    @Test
    void theBridgeSaysWhoMayUseIt() {
        assertEquals(
                new BridgeSettings(Path.of("/b"), 3, 99, "rw-rw----", "llm", Path.of("/s"), true),
                decode("""
                        {"bridge": "/b", "bridge_max_clients": 3, "bridge_max_line_bytes": 99, "bridge_mode": "0660",
                         "bridge_group": "llm", "bridge_secret": "/s", "bridge_quit": "node"}
                        """).bridge());
        assertEquals(
                "rwxr-x---",
                decode("{\"bridge\": \"/b\", \"bridge_mode\": \"750\"}")
                        .bridge()
                        .mode());
        assertFalse(decode("{\"bridge\": \"/b\", \"bridge_quit\": \"connection\"}")
                .bridge()
                .quitEndsNode());
        for (String mode : new String[] {"660", "\"0666\"", "\"0400\"", "\"rw\"", "\"\"", "\"00600\""}) {
            String told = refusal("{\"bridge\": \"/b\", \"bridge_mode\": " + mode + "}");
            assertTrue(told.startsWith("bridge_mode must be octal digits as text, such as \"0600\""), told);
        }
        String quit = refusal("{\"bridge\": \"/b\", \"bridge_quit\": \"bridge\"}");
        assertTrue(quit.startsWith("bridge_quit must be connection or node, not "), quit);
        for (String key : new String[] {"bridge_mode", "bridge_group", "bridge_secret", "bridge_quit"}) {
            String value = key.equals("bridge_mode") ? "0600" : "node";
            assertEquals(
                    key + " belongs to bridge, which is not given", refusal("{\"" + key + "\": \"" + value + "\"}"));
        }
    }

    @Test
    void theModelStandsBeforeTheModels() {
        var models = decode("{\"model\": \"/a\", \"n_ctx\": 8, \"models\": [{\"path\": \"/b\", \"n_ctx\": 9}]}")
                .launch()
                .node()
                .models();
        assertEquals(Path.of("/a"), models.get(0).path());
        assertEquals(Path.of("/b"), models.get(1).path());
    }

    @Test
    void whatOnlyOneModelCanHaveIsTheFirstOnes() {
        ModelConfig model = decode("{\"model\": \"/a\", \"id\": \"b\", \"default\": true}")
                .launch()
                .node()
                .models()
                .getFirst();
        assertEquals("b", model.id());
        assertEquals(true, model.asDefault());
    }

    @Test
    void whatStandsBesideTheModelsHoldsForAll() {
        NodeConfig node = decode("{\"n_ctx\": 512, \"temperature\": 0.7, \"stop\": [\"a\"], \"system_prompt\": \"s\","
                        + " \"chat_template\": \"tool_use\"}")
                .launch()
                .node();
        assertEquals(List.of(), node.models());
        ModelConfig defaults = node.defaults();
        assertEquals(512, defaults.nCtx());
        assertEquals(new TemplateChoice.Variant("tool_use"), defaults.chatTemplate());
        assertEquals(0.7f, defaults.taskDefaults().options().temperature());
        assertEquals(List.of("a"), defaults.taskDefaults().options().stop());
        assertEquals("s", defaults.taskDefaults().systemPrompt());
        assertNull(decode("{}").launch().node().defaults());
        assertEquals("temperature must be a number from 0 to 100, not 101", refusal("{\"temperature\": 101}"));
        assertEquals(
                "n_ubatch: 600 is more than the 512 tokens of a decode call; give n_batch as well, or less n_ubatch",
                refusal("{\"n_ubatch\": 600}"));
    }

    @Test
    void faultsAreNamed() {
        assertEquals("id belongs to model, which is not given", refusal("{\"id\": \"a\"}"));
        assertEquals("unknown option 'brigde' (did you mean 'bridge'?)", refusal("{\"brigde\": 1}"));
        assertEquals("models must be a list", refusal("{\"model\": \"/a\", \"models\": {}}"));
        assertEquals("file must hold a JSON object", refusal("[]"));
        assertEquals(
                "file: cookie does not belong there; name a cookie_file, or set LLAMA_NODE_COOKIE",
                refusal("{\"cookie\": \"x\"}"));
        assertEquals(
                "drain_timeout_ms must be an integer from 0 to 4294967295, not -1",
                refusal("{\"drain_timeout_ms\": -1}"));
        assertEquals("tls.keyfile is required", refusal("{\"tls\": {\"certfile\": \"c\"}}"));
        assertEquals("run_dir must be text, not 1", refusal("{\"run_dir\": 1}"));
    }

    /** Every key beside it is known, so that it is the missing one that is told. */
    @Test
    void aNodeNeedsAName() {
        Map<String, Object> tree = ServiceConfigDecoder.parse("file", """
                {"name": "n", "bind": "b", "net_ticktime": 1, "log_level": "info", "models": [], "result_ttl_ms": 1,
                 "max_results": 1, "max_sessions": 1, "max_tasks": 1, "native_timeout": 1, "port": 1, "epmd": true, "allow": ["a"],
                 "tls": {"certfile": "c", "keyfile": "k", "cacertfile": "a"}, "llama_lib": "l", "bridge": "b",
                 "timeout_write": 1, "max_connections": 1, "bridge_max_clients": 1, "bridge_max_line_bytes": 64,
                 "bridge_mode": "0600", "bridge_group": "g", "bridge_secret": "s", "bridge_quit": "node", "drain_timeout_ms": 1, "cookie_file": "c",
                 "run_dir": "r", "log_file": "l"}
                """);
        String told = assertThrows(
                        FailureException.class,
                        () -> ServiceConfigDecoder.decode(tree, "swordfish", new Origins(Map.of(), Origin.FILE)))
                .failure()
                .message();
        assertEquals("node_name is required", told);
        tree.put("node_name", "n@h");
        assertEquals(
                "n@h",
                ServiceConfigDecoder.decode(tree, "swordfish", new Origins(Map.of(), Origin.FILE))
                        .launch()
                        .nodeName());
    }
}
