package io.llamanode.protocol.launch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.model.ModelConfig;
import io.llamanode.service.contract.model.NodeConfig;
import io.llamanode.term.PlainTerms;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The configuration that a node is started with, docs/protocol.md, section 7. */
final class LaunchConfigTest {
    private static final NodeConfig NODE = new NodeConfig(List.of(), 300_000, 10_000, 10_000, 100_000, 50);

    private final Random random = new Random(17);

    private static LaunchConfig decode(Map<String, Object> fields) {
        return ConfigDecoder.decode(PlainTerms.of(fields));
    }

    private static Map<String, Object> fields(Object... entries) {
        Map<String, Object> fields = new LinkedHashMap<>();
        for (int i = 0; i < entries.length; i += 2) {
            fields.put((String) entries[i], entries[i + 1]);
        }
        return fields;
    }

    /** {@return the fields of a good configuration, and more} */
    private static Map<String, Object> with(Object... entries) {
        Map<String, Object> fields = fields("node_name", "a@b", "cookie", "secret");
        fields.putAll(fields(entries));
        return fields;
    }

    @Test
    void whatIsNotGivenHasADefault() {
        assertEquals(
                new LaunchConfig(
                        "a@b",
                        "secret",
                        "llama_node",
                        null,
                        60,
                        600,
                        15,
                        256,
                        LogLevel.INFO,
                        NODE,
                        null,
                        null,
                        null,
                        null,
                        null,
                        Duration.ofMinutes(1),
                        null),
                decode(with()));
        assertFalse(decode(with()).overPort());
        assertEquals(decode(with()), decode(with("transport", "distribution")));
    }

    @Test
    void aNodeOverThePortHasNoDistribution() {
        LaunchConfig config = decode(fields("transport", "port"));
        assertEquals(
                new LaunchConfig(
                        "nonode@nohost",
                        null,
                        null,
                        null,
                        0,
                        600,
                        15,
                        0,
                        LogLevel.INFO,
                        NODE,
                        null,
                        null,
                        null,
                        null,
                        null,
                        Duration.ofMinutes(1),
                        256 << 10),
                config);
        assertTrue(config.overPort());
        assertEquals(1, decode(fields("transport", "port", "window", 1)).window());
        assertEquals(7, decode(fields("transport", "port", "timeout_write", 7)).timeoutWrite());
        assertEquals(8, decode(fields("transport", "port", "timeout_read", 8)).timeoutRead());
    }

    @Test
    void nativeCodeMayHangForEverIfThatIsWanted() {
        assertNull(decode(with("native_timeout", "infinity")).nativeTimeout());
        assertEquals(
                Duration.ofMillis(7),
                decode(fields("transport", "port", "native_timeout", 7)).nativeTimeout());
    }

    private <T> T maybe(Supplier<T> value) {
        return random.nextBoolean() ? value.get() : null;
    }

    private Integer integer(int min, int max) {
        return maybe(() -> random.nextInt(3) == 0 ? min : random.nextInt(3) == 0 ? max : random.nextInt(min, max));
    }

    private String name() {
        return "n" + random.nextInt(1000);
    }

    /** Writes each field under its name, and expects it where it belongs. */
    @Test
    void aConfigurationIsReadAsItIsWritten() {
        for (int run = 0; run < 500; run++) {
            String mailbox = maybe(this::name);
            String bind = maybe(this::name);
            Integer tick = integer(1, Integer.MAX_VALUE);
            Integer write = integer(1, 86_400);
            Integer connections = integer(1, 10_000);
            LogLevel level = maybe(() -> LogLevel.values()[random.nextInt(5)]);
            String model = maybe(this::name);
            Integer ttl = integer(0, Integer.MAX_VALUE);
            Integer results = integer(0, Integer.MAX_VALUE);
            Integer sessions = integer(0, Integer.MAX_VALUE);
            Integer tasks = integer(0, Integer.MAX_VALUE);
            Integer share = integer(1, 100);
            Integer port = integer(0, 65_535);
            Boolean epmd = maybe(random::nextBoolean);
            List<String> allow = maybe(() -> Arrays.asList(name(), name() + "@*"));
            String certificate = maybe(this::name);
            String library = maybe(this::name);
            Integer hang = integer(1, Integer.MAX_VALUE);
            LaunchConfig expected = new LaunchConfig(
                    "a@b",
                    "secret",
                    mailbox == null ? "llama_node" : mailbox,
                    bind,
                    tick == null ? 60 : tick,
                    600,
                    write == null ? 15 : write,
                    connections == null ? 256 : connections,
                    level == null ? LogLevel.INFO : level,
                    new NodeConfig(
                            model == null ? List.of() : List.of(ModelConfig.of(Path.of(model))),
                            ttl == null ? 300_000 : ttl,
                            results == null ? 10_000 : results,
                            sessions == null ? 10_000 : sessions,
                            tasks == null ? 100_000 : tasks,
                            share == null ? 50 : share),
                    port,
                    epmd,
                    allow,
                    certificate == null
                            ? null
                            : new TlsFiles(Path.of(certificate), Path.of("/key"), Path.of("/authorities")),
                    library == null ? null : Path.of(library),
                    hang == null ? Duration.ofMinutes(1) : Duration.ofMillis(hang),
                    null);
            Map<String, Object> fields = with(
                    "name", mailbox,
                    "bind", bind,
                    "net_ticktime", tick,
                    "timeout_write", write,
                    "max_connections", connections,
                    "log_level", level == null ? null : level.wireName(),
                    "models", model == null ? null : List.of(fields("path", model)),
                    "result_ttl_ms", ttl,
                    "max_results", results,
                    "max_sessions", sessions,
                    "max_tasks", tasks,
                    "owner_share", share,
                    "port", port,
                    "epmd", epmd,
                    "allow", allow,
                    "tls",
                            certificate == null
                                    ? null
                                    : fields("certfile", certificate, "keyfile", "/key", "cacertfile", "/authorities"),
                    "llama_lib", library,
                    "native_timeout", hang);
            LaunchConfig config = decode(fields);
            assertEquals(expected, config);
            assertEquals(expected.toString(), config.toString());
            assertFalse(config.toString().contains("secret"));
            assertTrue(config.toString().contains("epmd=" + epmd), config::toString);
        }
    }

    @Test
    void namesAndCookiesMayHave255Characters() {
        String long255 = "😀".repeat(255);
        assertEquals(long255, decode(with("name", long255)).mailboxName());
        assertEquals(
                long255, decode(fields("node_name", "a@b", "cookie", long255)).cookie());
        String node = "a@" + "b".repeat(253);
        assertEquals(node, decode(fields("node_name", node, "cookie", "c")).nodeName());
    }

    static Stream<Arguments> faults() {
        String cookie = "cookie must be text of 1 to 255 characters";
        return Stream.of(
                arguments(with("name", "x".repeat(256)), "name must have at most 255 characters"),
                arguments(with("name", ""), "name must not be empty"),
                arguments(with("cookie", "x".repeat(256)), cookie),
                arguments(with("cookie", ""), cookie),
                arguments(with("cookie", true), cookie),
                arguments(with("node_name", "@b"), "node_name must be a full node name, name@host, not \"@b\""),
                arguments(with("node_name", "a@"), "node_name must be a full node name, name@host, not \"a@\""),
                arguments(with("node_name", "ab"), "node_name must be a full node name, name@host, not \"ab\""),
                arguments(with("node_name", "a@b@c"), "node_name must be a full node name, name@host, not \"a@b@c\""),
                arguments(
                        with("node_name", "a@" + "b".repeat(254)),
                        "node_name must be a full node name, name@host, not \"a@" + "b".repeat(38) + "...\""),
                arguments(fields("cookie", "c"), "node_name is required"),
                arguments(fields("node_name", "a@b"), "cookie is required"),
                arguments(with("native_timeout", 0), "native_timeout must be an integer from 1 to 4294967295, not 0"),
                arguments(with("net_ticktime", 0), "net_ticktime must be an integer from 1 to 2147483647, not 0"),
                arguments(with("timeout_write", 0), "timeout_write must be an integer from 1 to 86400, not 0"),
                arguments(with("max_connections", 0), "max_connections must be an integer from 1 to 10000, not 0"),
                arguments(with("port", -1), "port must be an integer from 0 to 65535, not -1"),
                arguments(with("port", 65_536), "port must be an integer from 0 to 65535, not 65536"),
                arguments(with("epmd", 1), "epmd must be true or false, not 1"),
                arguments(with("allow", List.of("")), "allow[0] must not be empty"),
                arguments(with("llama_lib", "a\0b"), "llama_lib must be a path of a file, not \"a b\""),
                arguments(with("tls", fields("keyfile", "k")), "tls.certfile is required"),
                arguments(with("tls", fields("certfile", "c", "keyfile", "k")), "tls.cacertfile is required"),
                arguments(
                        with("tls", fields("certfil", "c")),
                        "unknown option 'certfil' in tls (did you mean 'certfile'?)"),
                arguments(with("models", List.of(fields("n_ctx", 1))), "models[0].path is required"),
                arguments(with("window", 1), "unknown option 'window'"),
                arguments(
                        with("log_level", "loud"),
                        "log_level must be debug, info, warning, error or none, not \"loud\""),
                arguments(with("transport", "pigeon"), "transport must be port or distribution, not \"pigeon\""),
                arguments(
                        fields("transport", "port", "window", 0),
                        "window must be an integer from 1 to 2147483647, not 0"),
                arguments(fields("transport", "port", "cookie", "c"), "unknown option 'cookie'"));
    }

    @ParameterizedTest(name = "{1}")
    @MethodSource("faults")
    void faultsAreNamed(Map<String, Object> fields, String fault) {
        String message = assertThrows(FailureException.class, () -> decode(fields))
                .failure()
                .message();
        assertEquals(fault, message);
    }
}
