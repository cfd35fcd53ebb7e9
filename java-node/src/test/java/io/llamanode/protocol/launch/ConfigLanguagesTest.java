package io.llamanode.protocol.launch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.Origin;
import io.llamanode.service.contract.model.Origins;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Configuration files in other languages than JSON: the same keys, checks and messages. */
class ConfigLanguagesTest {
    private static final String JSON = """
            {"node_name": "n@h", "port": 25672, "epmd": false, "allow": ["app@*", "b@h"], "drain_timeout_ms": 100,
             "tls": {"certfile": "/c", "keyfile": "/k", "cacertfile": "/a"}, "model": "/m.gguf", "n_ctx": 8,
             "models": [{"path": "/o.gguf", "n_ctx": 9}]}""";

    private static final String YAML = """
            # A comment.
            node_name: n@h
            port: 25672
            epmd: false
            allow: ["app@*", b@h]
            drain_timeout_ms: 100
            tls:
              certfile: /c
              keyfile: "/k"
              cacertfile: /a
            model: /m.gguf
            n_ctx: 8
            models:
              - path: /o.gguf
                n_ctx: 9
            """;

    private static final String TOML = """
            # A comment.
            node_name = "n@h"
            port = 25_672
            epmd = false
            allow = ["app@*", "b@h"]
            drain_timeout_ms = 100
            model = '/m.gguf'
            n_ctx = 8
            tls.certfile = "/c"
            tls.keyfile = "/k"
            tls.cacertfile = "/a"

            [[models]]
            path = "/o.gguf"
            n_ctx = 9
            """;

    private static ServiceConfig decode(String name, String text) {
        return ServiceConfigDecoder.decode(
                ServiceConfigDecoder.parse(name, text), "secret", new Origins(Map.of(), Origin.FILE));
    }

    private static String refusal(String name, String text) {
        return assertThrows(FailureException.class, () -> decode(name, text))
                .failure()
                .message();
    }

    @Test
    void theEndingDecidesAndTheKeysAreTheSame() {
        ServiceConfig json = decode("c.json", JSON);
        assertEquals(json, decode("c.yaml", YAML));
        assertEquals(json, decode("/etc/C.YML", YAML));
        assertEquals(json, decode("c.toml", TOML));
        assertEquals(json, decode("c.yaml", JSON), "JSON is YAML");
        assertEquals(json, decode("config", JSON));
    }

    @Test
    void theChecksAreTheSame() {
        for (Map.Entry<String, String> file : Map.of(
                        "c.json", "{\"node_name\": \"n@h\", \"n_ctxx\": 1}",
                        "c.yaml", "node_name: n@h\nn_ctxx: 1\n",
                        "c.toml", "node_name = 'n@h'\nn_ctxx = 1\n")
                .entrySet()) {
            assertTrue(refusal(file.getKey(), file.getValue()).contains("unknown option 'n_ctxx'"), file.getKey());
        }
        for (Map.Entry<String, String> file : Map.of(
                        "c.json", "{\"cookie\": \"x\"}", "c.yaml", "cookie: x", "c.toml", "cookie = 'x'")
                .entrySet()) {
            assertEquals(
                    file.getKey() + ": cookie does not belong there; name a cookie_file, or set LLAMA_NODE_COOKIE",
                    refusal(file.getKey(), file.getValue()));
        }
        assertTrue(refusal("c.yaml", "node_name: n@h\nport: many").contains("port must be an integer"));
        assertTrue(refusal("c.toml", "node_name = 'n@h'\nport = 2026-01-01").contains("port must be an integer"));
    }

    /** Where it is wrong, whichever language it is. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "c.json | `{\"port\": 1,\n \"port\": 2}` | c.json is not valid JSON: the key \"port\" is given twice (line 2,",
                "c.yaml | `port: 1\nport: 2` | c.yaml is not valid YAML: the key \"port\" is given twice (line 2,",
                "c.toml | `port = 1\nport = 2` | c.toml is not valid TOML: Duplicate key (line 2,",
                "c.json | `{\"port\": 1\n \"x\": 2}` | c.json is not valid JSON: Unexpected character ('\"' (code 34)) (line 2,",
                "c.yaml | `port: 1\n  x: 2` | c.yaml is not valid YAML: mapping values are not allowed here (line 2, column 4)",
                "c.yaml | `port: 1\nallow: [a, b` | c.yaml is not valid YAML: ",
                "c.yaml | `port: \"x` | c.yaml is not valid YAML: found unexpected end of stream (line 1, column ",
                "c.toml | `port = 1\nallow = [` | c.toml is not valid TOML: ",
                "c.toml | `port = \nx = 2` | c.toml is not valid TOML: ",
                "c.yaml | `port: 1\n---\nport: 2` | c.yaml is not valid YAML: something follows the value (line",
                "c.yaml | `` | c.yaml is not valid YAML: it is empty",
                "c.yaml | `[1]` | c.yaml must hold a mapping of keys to values",
                "c.yaml | `a: .inf` | c.yaml is not valid YAML: Malformed numeric value '.inf' (line 1,",
                "c.toml | `a = inf` | c.toml is not valid TOML: a number is too large"
            })
    void whatIsMalformedIsToldWithItsPlace(String name, String text, String message) {
        String said = refusal(name, text.replace("\\n", "\n"));
        assertTrue(said.startsWith(message), said);
        assertTrue(said.lines().count() == 1, said);
    }

    @Test
    void yamlHasNoAnchorsAliasesOrTags() {
        assertEquals(
                "c.yaml is not valid YAML: an anchor (&) is not taken, write the value out where it is wanted (line 1, column 4)",
                refusal("c.yaml", "a: &x [1]\nb: *x"));
        assertEquals(
                "c.yaml is not valid YAML: an alias (*) is not taken, write the value out (line 1, column 4)",
                refusal("c.yaml", "a: *x"));
        assertEquals(
                "c.yaml is not valid YAML: a tag (!) is not taken, write the value alone (line 1, column 4)",
                refusal("c.yaml", "a: !!javax.script.ScriptEngineManager [1]"));
        assertTrue(refusal("c.yaml", "a: !!binary aGk=").contains("a tag (!)"));
    }

    /** Norway, too. */
    @Test
    void onlyTrueAndFalseAreBooleansOfYaml() {
        assertEquals(
                Map.of("a", "no", "b", "yes", "c", "off", "d", true, "e", false),
                ServiceConfigDecoder.parse("c.yaml", "a: no\nb: yes\nc: off\nd: true\ne: false"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"c.json", "c.yaml", "c.toml"})
    void whatIsNestedTooDeepIsRefused(String name) {
        String deep = "[".repeat(100_000) + "]".repeat(100_000);
        String text = switch (name) {
            case "c.json" -> "{\"a\": " + deep + "}";
            case "c.yaml" -> "a: " + deep;
            default -> "a = " + deep;
        };
        String said = refusal(name, text);
        assertTrue(said.startsWith(name + " is not valid "), said);
        assertTrue(said.contains("nest") || said.contains("depth"), said);
    }

    /** A hundred thousand tables, one in the other. */
    @Test
    void tablesOfTomlHaveADepth() {
        String said = refusal("c.toml", "a" + ".a".repeat(100_000) + " = 1");
        assertTrue(said.startsWith("c.toml is not valid TOML: "), said);
    }
}
