package io.llamanode.node.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.node.ExitException;
import io.llamanode.node.ExitStatus;
import io.llamanode.protocol.launch.ServiceConfig;
import io.llamanode.service.contract.Origin;
import io.llamanode.service.contract.PrefixSharing;
import io.llamanode.service.contract.model.ModelConfig;
import io.llamanode.service.contract.model.NodeConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** Which source a setting comes from, and what is refused. */
final class ConfigurationTest {
    @TempDir
    Path directory;

    private static Map<String, String> environment(String... pairs) {
        Map<String, String> environment = new HashMap<>(Map.of("LLAMA_NODE_COOKIE", "secret"));
        for (int i = 0; i < pairs.length; i += 2) {
            environment.put(pairs[i], pairs[i + 1]);
        }
        return environment;
    }

    private String file(String json) throws IOException {
        return Files.writeString(directory.resolve("config.json"), json).toString();
    }

    @Test
    void eachKeyRemembersWhereItWasGiven() throws Exception {
        NodeConfig node = Configuration.of(
                        file("{\"n_ctx\": 64, \"n_parallel\": 2, \"n_batch\": 128, \"temperature\": 0.5}"),
                        Map.of(Setting.N_PARALLEL, "3"),
                        environment(
                                "LLAMA_NODE_COOKIE",
                                "c",
                                "LLAMA_NODE_TEMPERATURE",
                                "0.25",
                                "LLAMA_NODE_N_PARALLEL",
                                "9"))
                .checked()
                .launch()
                .node();
        assertEquals(3, node.defaults().nParallel());
        assertEquals(0.25f, node.defaults().taskDefaults().options().temperature());
        assertEquals(Origin.FILE, node.given().of("n_ctx"));
        assertEquals(Origin.OPTION, node.given().of("n_parallel"));
        assertEquals(Origin.ENVIRONMENT, node.given().of("temperature"));
        String told =
                refused(ExitStatus.CONFIG, () -> Configuration.of(null, Map.of(Setting.TOOLS, "[{"), environment()));
        assertTrue(told.startsWith("tools is not valid JSON"), told);
    }

    /** A device has no end. */
    @Test
    void aFileHasAnEnd() {
        assertEquals(
                "/dev/zero has more than 1048576 bytes",
                refused(ExitStatus.CONFIG, () -> Configuration.of("/dev/zero", Map.of(), environment())));
    }

    @Test
    void theEndingOfTheFileDecidesOnItsLanguage() throws Exception {
        for (Map.Entry<String, String> each :
                Map.of("c.yaml", "max_tasks: 7", "c.toml", "max_tasks = 7").entrySet()) {
            String file = Files.writeString(directory.resolve(each.getKey()), each.getValue())
                    .toString();
            assertEquals(
                    7,
                    Configuration.of(file, Map.of(), environment())
                            .checked()
                            .launch()
                            .node()
                            .maxTasks());
        }
    }

    private static String refused(ExitStatus status, Executable call) {
        ExitException refused = assertThrows(ExitException.class, call);
        assertEquals(status, refused.status(), refused.getMessage());
        return refused.getMessage();
    }

    @Test
    void aFlagOutranksTheEnvironmentWhichOutranksTheFileWhichOutranksTheDefault() throws Exception {
        String file = file("{\"max_tasks\": 1, \"max_results\": 1, \"max_sessions\": 1}");
        Map<String, String> environment = environment("LLAMA_NODE_MAX_TASKS", "2", "LLAMA_NODE_MAX_RESULTS", "2");
        ServiceConfig config = Configuration.of(file, Map.of(Setting.MAX_TASKS, "3"), environment)
                .checked();
        assertEquals(3, config.launch().node().maxTasks());
        assertEquals(2, config.launch().node().maxResults());
        assertEquals(1, config.launch().node().maxSessions());
        assertEquals(300_000, config.launch().node().resultTtlMs());
        assertEquals("llama@localhost", config.launch().nodeName());
    }

    @Test
    void sharedPrefixesAreSetLikeTheOthersOfAModel() throws Exception {
        ModelConfig model = Configuration.of(
                        file("{\"model\": \"x.gguf\", \"share_prefixes\": \"none\"}"),
                        Map.of(Setting.SLOT_PROMPT_SIMILARITY, "0.25"),
                        environment("LLAMA_NODE_COOKIE", "c", "LLAMA_NODE_SHARE_PREFIXES", "owner"))
                .checked()
                .launch()
                .node()
                .defaults();
        assertEquals(PrefixSharing.OWNER, model.sharePrefixes());
        assertEquals(0.25f, model.slotPromptSimilarity());
        assertEquals(
                "slot_prompt_similarity must be a number from 0 to 1, not 1.5",
                refused(
                        ExitStatus.CONFIG,
                        () -> Configuration.of(
                                        file("{\"model\": \"x.gguf\"}"),
                                        Map.of(Setting.SLOT_PROMPT_SIMILARITY, "1.5"),
                                        environment("LLAMA_NODE_COOKIE", "c"))
                                .checked()));
    }

    @Test
    void theFileIsNamedByAFlagOrTheEnvironment() throws Exception {
        String file = file("{\"max_tasks\": 1}");
        String other = Files.writeString(directory.resolve("other.json"), "{\"max_tasks\": 2}")
                .toString();
        Map<String, String> environment = environment("LLAMA_NODE_CONFIG", file);
        assertEquals(
                1,
                Configuration.of(null, Map.of(), environment)
                        .checked()
                        .launch()
                        .node()
                        .maxTasks());
        assertEquals(
                2,
                Configuration.of(other, Map.of(), environment)
                        .checked()
                        .launch()
                        .node()
                        .maxTasks());
        assertEquals(
                100_000,
                Configuration.of(null, Map.of(), environment("LLAMA_NODE_CONFIG", ""))
                        .checked()
                        .launch()
                        .node()
                        .maxTasks());
    }

    @Test
    void anEmptyVariableIsNotSet() throws Exception {
        Configuration configuration = Configuration.of(null, Map.of(), environment("LLAMA_NODE_MAX_TASKS", ""));
        assertEquals(100_000, configuration.checked().launch().node().maxTasks());
    }

    @Test
    void whetherTheNodeIsNamed() throws Exception {
        assertFalse(Configuration.of(null, Map.of(), environment()).namesNode());
        assertTrue(Configuration.of(null, Map.of(Setting.NODE_NAME, "a@b"), environment())
                .namesNode());
        assertTrue(Configuration.of(null, Map.of(), environment("LLAMA_NODE_NODE_NAME", "a@b"))
                .namesNode());
        Configuration ofFile = Configuration.of(file("{\"node_name\": \"a@b\"}"), Map.of(), environment());
        assertTrue(ofFile.namesNode());
        assertEquals("a@b", ofFile.paths().nodeName());
    }

    @Test
    void eachSourceGivesPathsAndTls() throws Exception {
        Map<Setting, String> flags = Map.of(Setting.RUN_DIR, "/run/x", Setting.TLS_KEYFILE, "/key");
        String file = file("{\"log_file\": \"/log\", \"tls\": {\"certfile\": \"/cert\", \"keyfile\": \"/old\"}}");
        Configuration configuration = Configuration.of(file, flags, environment("LLAMA_NODE_TLS_CACERTFILE", "/ca"));
        assertEquals(
                Path.of("/run/x/llama@localhost.sock"), configuration.paths().socket());
        assertEquals(Path.of("/log"), configuration.paths().log());
        String tls = configuration.checked().launch().tls().toString();
        assertTrue(tls.contains("/cert") && tls.contains("/key") && tls.contains("/ca"), tls);
    }

    @Test
    void filesThatCannotBeRead() throws Exception {
        String none = directory.resolve("none").toString();
        assertEquals(
                "there is no configuration file " + none,
                refused(ExitStatus.CONFIG, () -> Configuration.of(none, Map.of(), Map.of())));
        String here = directory.toString();
        assertTrue(refused(ExitStatus.CONFIG, () -> Configuration.of(here, Map.of(), Map.of()))
                .startsWith(here + " cannot be read: "));
        Path bytes = Files.write(directory.resolve("bytes"), new byte[] {(byte) 0xff, '{', '}'});
        assertEquals(
                bytes + " is not UTF-8",
                refused(ExitStatus.CONFIG, () -> Configuration.of(bytes.toString(), Map.of(), Map.of())));
        String wrong = file("{\"n");
        assertTrue(refused(ExitStatus.CONFIG, () -> Configuration.of(wrong, Map.of(), Map.of()))
                .contains("is not valid JSON"));
    }

    @Test
    void settingsThatAreRefused() throws Exception {
        assertTrue(refused(
                        ExitStatus.CONFIG,
                        () -> Configuration.of(null, Map.of(Setting.PORT, "many"), environment())
                                .checked())
                .contains("port"));
        Configuration numbers = Configuration.of(file("{\"log_file\": 1}"), Map.of(), environment());
        assertEquals("log_file must be text", refused(ExitStatus.CONFIG, numbers::paths));
    }

    @Test
    void unknownVariablesOfThisProgramAreNamed() throws Exception {
        Map<String, String> environment = environment(
                "LLAMA_NODE_N_CTXX",
                "1",
                "LLAMA_NODE_AAA",
                "",
                "LLAMA_NODE_N_CTX",
                "1",
                "LLAMA_NODE_JAVA_HOME",
                "/",
                "OTHER",
                "1");
        assertEquals(
                List.of("LLAMA_NODE_AAA", "LLAMA_NODE_N_CTXX"),
                Configuration.of(null, Map.of(), environment).unknownVariables());
    }

    @Test
    void theCookieComesFromTheEnvironmentOrFromAFileOfItsOwnerOnly() throws Exception {
        Path cookie = Files.writeString(directory.resolve("cookie"), "of the file\n");
        Files.setPosixFilePermissions(cookie, PosixFilePermissions.fromString("rw-------"));
        Map<Setting, String> named = Map.of(Setting.COOKIE_FILE, cookie.toString());
        assertEquals(
                "secret",
                Configuration.of(null, named, environment()).checked().launch().cookie());
        assertEquals(
                "of the file",
                Configuration.of(null, named, Map.of()).checked().launch().cookie());
        assertEquals(
                "of the file",
                Configuration.of(null, named, Map.of("LLAMA_NODE_COOKIE", ""))
                        .checked()
                        .launch()
                        .cookie());
        Files.setPosixFilePermissions(cookie, PosixFilePermissions.fromString("rw----r--"));
        assertTrue(refused(ExitStatus.CONFIG, Configuration.of(null, named, Map.of())::checked)
                .contains("accessible by its owner only"));
        Files.delete(cookie);
        assertTrue(refused(ExitStatus.CONFIG, Configuration.of(null, named, Map.of())::checked)
                .startsWith("there is no cookie: "));
    }

    /** Before the cookie is missed. */
    @Test
    void whatIsWrongWithTheRestIsToldFirst() throws Exception {
        Map<Setting, String> flags = Map.of(Setting.COOKIE_FILE, "/nowhere", Setting.PORT, "many");
        assertTrue(refused(ExitStatus.CONFIG, Configuration.of(null, flags, Map.of())::checked)
                .contains("port"));
    }
}
