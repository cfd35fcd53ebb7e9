package io.llamanode.protocol.launch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.llamanode.protocol.ModelDecoder;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.model.ModelConfig;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Configurations of nodes that run as a service. */
class ServiceConfigTest {
    private static ServiceConfig decode(String json) {
        Map<String, Object> tree = ServiceConfigDecoder.parse("file", json);
        tree.putIfAbsent("node_name", "n@h");
        return ServiceConfigDecoder.decode(tree, "secret");
    }

    private static String refusal(String json) {
        return assertThrows(FailureException.class, () -> decode(json))
                .failure()
                .message();
    }

    @Test
    void defaults() {
        ServiceConfig config = decode("{}");
        assertNull(config.bridge());
        assertEquals(32, config.bridgeMaxClients());
        assertEquals(1 << 20, config.bridgeMaxLineBytes());
        assertEquals(30_000, config.drainTimeoutMs());
        assertEquals("n@h", config.launch().nodeName());
        assertEquals("secret", config.launch().cookie());
        assertFalse(config.toString().contains("secret"));
        assertEquals(0, config.launch().node().models().size());
    }

    @Test
    void theModelStandsBeforeTheModels() {
        var models = decode("{\"model\": \"/a\", \"n_ctx\": 8, \"models\": [{\"path\": \"/b\", \"n_ctx\": 9}]}")
                .launch()
                .node()
                .models();
        assertEquals(Path.of("/a"), models.get(0).path());
        assertEquals(8, models.get(0).nCtx());
        assertEquals(Path.of("/b"), models.get(1).path());
    }

    @Test
    void everyKeyOfAModelCanStandBesideIt() {
        for (String key : ModelDecoder.KEYS) {
            ModelConfig model = decode("{\"model\": \"/a\", \"" + key + "\": null}")
                    .launch()
                    .node()
                    .models()
                    .getFirst();
            assertEquals(Path.of("/a"), model.path(), key);
        }
    }

    @Test
    void faultsAreNamed() {
        assertEquals("n_ctx belongs to model, which is not given", refusal("{\"n_ctx\": 1}"));
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
                 "timeout_write": 1, "max_connections": 1, "bridge_max_clients": 1, "bridge_max_line_bytes": 64, "drain_timeout_ms": 1, "cookie_file": "c",
                 "run_dir": "r", "log_file": "l"}
                """);
        String told = assertThrows(FailureException.class, () -> ServiceConfigDecoder.decode(tree, "secret"))
                .failure()
                .message();
        assertEquals("node_name is required", told);
        tree.put("node_name", "n@h");
        assertEquals("n@h", ServiceConfigDecoder.decode(tree, "secret").launch().nodeName());
    }
}
