package io.llamanode.node.command;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.node.ExitStatus;
import io.llamanode.service.FakeService;
import io.llamanode.service.LlamaService;
import io.llamanode.transport.bridge.Bridge;
import io.llamanode.transport.bridge.BridgeConfig;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a command line does, tells, and ends with. */
@Timeout(120)
final class CliTest {
    @TempDir
    Path directory;

    private final Map<String, String> environment = new HashMap<>();
    private String out;
    private String err;

    @BeforeEach
    void settings() {
        environment.put("LLAMA_NODE_COOKIE", "secret");
        environment.put("LLAMA_NODE_RUN_DIR", directory.toString());
        environment.put("LLAMA_NODE_EPMD", "false");
    }

    private ExitStatus run(String... args) {
        ByteArrayOutputStream told = new ByteArrayOutputStream();
        ByteArrayOutputStream wrong = new ByteArrayOutputStream();
        ExitStatus status = Cli.run(
                List.of(args), environment, new PrintStream(told, true, UTF_8), new PrintStream(wrong, true, UTF_8));
        out = told.toString(UTF_8);
        err = wrong.toString(UTF_8);
        return status;
    }

    private void refused(ExitStatus status, String message, String... args) {
        assertEquals(status, run(args), err);
        assertEquals("", out);
        assertEquals("llama-node: " + message + "\n", err);
    }

    private static String words(String text) {
        return text.replaceAll("\\s+", " ");
    }

    @Test
    void theHelpListsTheCommands() {
        for (String help : List.of("--help", "-h")) {
            assertEquals(ExitStatus.OK, run(help));
            String said = words(out);
            assertTrue(said.startsWith("Usage: llama-node [-hV] [COMMAND] Runs a node of llama_node"), said);
            for (String command : List.of(
                    "start Starts a node in the background",
                    "stop Tells a node to end",
                    "status Shows how a node is",
                    "foreground Runs a node until",
                    "ping Asks whether",
                    "-V, --version show the version",
                    "-h, --help show this")) {
                assertTrue(said.contains(command), command);
            }
            assertEquals("", err);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"start", "foreground"})
    void theHelpOfAStartNamesEverySetting(String command) {
        assertEquals(ExitStatus.OK, run(command, "--help"));
        String said = words(out);
        for (Setting setting : Setting.values()) {
            String value = setting == Setting.BRIDGE ? "[=VALUE]" : "=VALUE";
            assertTrue(said.contains(setting.option() + value), setting.option());
            assertTrue(said.contains("(" + setting.variable() + ")"), setting.variable());
        }
        assertTrue(said.contains("--check validate everything, load and start nothing"), said);
        assertTrue(
                said.contains(
                        "--config=VALUE configuration file, JSON, or YAML or TOML by its ending (LLAMA_NODE_CONFIG)"),
                said);
    }

    @ParameterizedTest
    @ValueSource(strings = {"stop", "status", "ping"})
    void theHelpOfTheOthersNamesWhatFindsANode(String command) {
        assertEquals(ExitStatus.OK, run(command, "--help"));
        String said = words(out);
        for (String option : List.of("--config=VALUE", "--timeout-ms=VALUE", "--node-name=VALUE", "--run-dir=VALUE")) {
            assertTrue(said.contains(option), option);
        }
        assertFalse(said.contains("--model"), said);
        assertEquals(command.equals("status"), said.contains("--json"), said);
    }

    @Test
    void theVersionIsTold() {
        for (String version : List.of("--version", "-V")) {
            assertEquals(ExitStatus.OK, run(version));
            // The classes of tests are in no jar, which would have the number.
            assertEquals("llama_node development\n", out);
        }
    }

    @Test
    void withoutACommandTheHelpIsAnError() {
        assertEquals(ExitStatus.USAGE, run());
        assertEquals("", out);
        assertTrue(words(err).startsWith("Usage: llama-node"), err);
    }

    @Test
    void aWrongCommandLineIsNamed() {
        for (String[] wrong : new String[][] {
            {"dance"}, {"start", "--no-such"}, {"ping", "--model", "x"}, {"start", "--n-ctx"}, {"stop", "--json"}
        }) {
            assertEquals(ExitStatus.USAGE, run(wrong));
            assertEquals("", out);
            assertTrue(err.startsWith("llama-node: ") && err.contains(wrong[wrong.length > 1 ? 1 : 0]), err);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"soon", "-1", "", "12345678901", "1.5"})
    void aTimeIsANumberOfMilliseconds(String time) {
        for (String command : List.of("ping", "stop", "status")) {
            refused(
                    ExitStatus.USAGE,
                    "--timeout-ms must be a number of milliseconds, not " + time,
                    command,
                    "--timeout-ms=" + time);
        }
    }

    @Test
    void flagsAndVariablesOfLlamaCppAreToldByTheirNamesHere() {
        Map<String, String> meant = Map.of(
                "--ctx-size", "--n-ctx", "-ngl", "--n-gpu-layers", "--parallel=4", "--n-parallel", "-m", "--model");
        meant.forEach((flag, here) -> {
            assertEquals(ExitStatus.USAGE, run("start", flag, "4"));
            assertTrue(err.contains("(did you mean '" + here + "'?)"), err);
        });
        environment.put("LLAMA_ARG_CTX_SIZE", "1");
        environment.put("LLAMA_ARG_MMPROJ", "1");
        assertEquals(ExitStatus.NOT_RUNNING, run("ping"));
        assertTrue(
                err.startsWith(
                        "llama-node: warning: LLAMA_ARG_CTX_SIZE is no setting (did you mean 'LLAMA_NODE_N_CTX'?)\n"),
                err);
        assertFalse(err.contains("MMPROJ"), err);
    }

    @Test
    void variablesThatAreNoSettingsAreWarnedOf() {
        environment.put("LLAMA_NODE_N_CTXX", "1");
        assertEquals(ExitStatus.NOT_RUNNING, run("ping"));
        assertTrue(
                err.startsWith(
                        "llama-node: warning: LLAMA_NODE_N_CTXX is no setting (did you mean 'LLAMA_NODE_N_CTX'?)\n"),
                err);
    }

    @Test
    void whereNoNodeRunsEachCommandSaysSo() {
        for (String[] command : new String[][] {{"ping"}, {"stop"}, {"status", "--node-name", "llama@localhost"}}) {
            assertEquals(ExitStatus.NOT_RUNNING, run(command));
            assertTrue(err.startsWith("llama-node: llama@localhost is not running (" + directory), err);
        }
        refused(
                ExitStatus.NOT_RUNNING,
                "no node is running in " + directory + " (--run-dir names another directory)",
                "status");
        Path other = directory.resolve("other");
        refused(
                ExitStatus.NOT_RUNNING,
                "no node is running in " + other + " (--run-dir names another directory)",
                "status",
                "--run-dir",
                other.toString());
    }

    @Test
    void aNodeThatRunsAnswers() throws Exception {
        try (LlamaService service = FakeService.start(Bridge.monitor((owner, down) -> () -> {}), model -> {});
                Bridge control =
                        Bridge.control(BridgeConfig.of(directory.resolve("n@h.sock"), "n@h"), service, () -> {})) {
            assertTrue(control != null);
            assertEquals(ExitStatus.OK, run("ping", "--node-name", "n@h", "--timeout-ms", "60000"));
            assertEquals("pong\n", out);
            for (String[] command : new String[][] {{"status"}, {"status", "--node-name", "n@h"}}) {
                assertEquals(ExitStatus.OK, run(command));
                assertTrue(out.startsWith("n@h is ready (process "), out);
            }
            assertEquals(ExitStatus.OK, run("status", "--json"));
            assertTrue(out.startsWith("[ {"), "of each that runs: " + out);
            assertEquals(ExitStatus.OK, run("status", "--json", "--node-name", "n@h"));
            assertTrue(out.startsWith("{"), "of the one: " + out);
            assertEquals("", err);
        }
    }

    @Test
    void whoSaysNothingIsGivenUpInTheTimeThatIsSet() throws Exception {
        try (ServerSocketChannel silent = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            silent.bind(UnixDomainSocketAddress.of(directory.resolve("n@h.sock")));
            for (String command : List.of("ping", "stop", "status")) {
                refused(
                        ExitStatus.NO_ANSWER,
                        "n@h runs but does not answer: nothing came within 1 ms",
                        command,
                        "--node-name",
                        "n@h",
                        "--timeout-ms",
                        "1");
            }
        }
    }

    @Test
    void aStartNeedsTheLauncher() {
        refused(ExitStatus.USAGE, "start works with bin/llama-node only", "start");
    }

    @Test
    void whatIsWrongWithTheConfigurationEndsAStart() {
        for (String command : List.of("start", "foreground")) {
            assertEquals(ExitStatus.CONFIG, run(command, "--port", "many"));
            assertTrue(err.startsWith("llama-node: port"), err);
            Path none = directory.resolve("none");
            refused(ExitStatus.CONFIG, "there is no configuration file " + none, command, "--config", none.toString());
        }
    }

    private String model(String name) throws Exception {
        return Files.writeString(directory.resolve(name), "no model").toString();
    }

    @ParameterizedTest
    @ValueSource(strings = {"start", "foreground"})
    void aCheckGoesThroughEverythingAndStartsNothing(String command) throws Exception {
        Path fresh = directory.resolve("run");
        assertEquals(ExitStatus.OK, run(command, "--check", "--run-dir", fresh.toString()));
        assertEquals("ok      configuration and cookie\nok      files of the node\nok      distribution\n", out);
        assertEquals("", err);
        assertFalse(Files.exists(fresh));
    }

    @Test
    void aBridgeNeedsNoPlace() throws Exception {
        Path fresh = directory.resolve("run");
        Path secret = Files.writeString(directory.resolve("secret"), "0123456789abcdef\n");
        Files.setPosixFilePermissions(secret, PosixFilePermissions.fromString("rw-------"));
        String[] start = {
            "start", "--check", "--bridge", "--run-dir", fresh.toString(), "--bridge-secret", secret.toString()
        };
        assertEquals(ExitStatus.OK, run(start), out);
        assertTrue(out.contains("ok      bridge\n"), out);
        Files.setPosixFilePermissions(secret, PosixFilePermissions.fromString("rw-r--r--"));
        assertEquals(ExitStatus.CONFIG, run(start));
        assertTrue(
                out.contains("FAILED  bridge: bridge_secret: " + secret
                        + " must be accessible by its owner only (chmod 600)\n"),
                out);
        environment.put("LLAMA_NODE_BRIDGE", "false");
        assertEquals(ExitStatus.OK, run("start", "--check", "--run-dir", fresh.toString()));
        assertFalse(out.contains("bridge"), out);
    }

    @Test
    void aCheckTellsAllThatIsWrongAndEndsWithTheFirst() throws Exception {
        Path missing = directory.resolve("missing.gguf");
        assertEquals(
                ExitStatus.CONFIG,
                run(
                        "start",
                        "--check",
                        "--bridge",
                        "/nowhere/at/all/bridge",
                        "--llama-lib",
                        directory.resolve("lib").toString(),
                        "--model",
                        missing.toString()));
        List<String> lines = out.lines().toList();
        assertEquals("FAILED  bridge: bridge: there is no directory /nowhere/at/all", lines.get(3));
        assertTrue(lines.get(4).startsWith("FAILED  llama.cpp: llama_lib: "), out);
        assertTrue(lines.get(5).startsWith("FAILED  model " + missing + ": model_load_failed: "), out);
        assertEquals(6, lines.size());
    }

    /** It is looked for, and not started, which would load its model. */
    @Test
    void aCheckLooksForTheProgramOfAServer() throws Exception {
        run("start", "--check", "--command", "[\"/bin/sh\", \"-c\", \"exit 1\"]");
        assertTrue(out.contains("ok      server /bin/sh"), out);
        assertEquals(
                ExitStatus.FAILED, run("start", "--check", "--epmd", "false", "--command", "[\"no-such-server\"]"));
        assertTrue(out.contains("FAILED  server no-such-server: model_load_failed: command: there is no program"), out);
    }

    @Test
    void aCheckOfAModelFailsAsItsStartWould() throws Exception {
        assertEquals(ExitStatus.FAILED, run("start", "--check", "--model", model("bad.gguf")));
        assertTrue(out.contains("FAILED  model " + directory.resolve("bad.gguf") + ": model_load_failed: "), out);
    }

    @Test
    void aCheckLooksForPlacesToWriteTo() throws Exception {
        String file = model("file");
        assertEquals(ExitStatus.CONFIG, run("start", "--check", "--run-dir", file));
        assertTrue(out.contains("FAILED  files of the node: run_dir: cannot write into " + file + "\n"), out);
        String below = file + "/below";
        assertEquals(ExitStatus.CONFIG, run("start", "--check", "--run-dir", below));
        assertTrue(out.contains("run_dir: cannot write into " + file + "\n"), out);
        assertEquals(
                ExitStatus.OK,
                run("start", "--check", "--bridge", directory.resolve("bridge").toString()));
        assertTrue(out.endsWith("ok      bridge\n"), out);
    }

    @Test
    void aCheckOfAWrongConfigurationLooksAtTheFilesOnly() {
        assertEquals(ExitStatus.CONFIG, run("start", "--check", "--port", "many"));
        List<String> lines = out.lines().toList();
        assertTrue(lines.getFirst().startsWith("FAILED  configuration and cookie: port"), out);
        assertEquals("ok      files of the node", lines.getLast());
        assertEquals(2, lines.size());
    }

    @Test
    void aCheckReadsTheCertificates() {
        String missing = directory.resolve("missing.pem").toString();
        assertEquals(
                ExitStatus.CONFIG,
                run(
                        "start",
                        "--check",
                        "--tls-certfile",
                        missing,
                        "--tls-keyfile",
                        missing,
                        "--tls-cacertfile",
                        missing));
        String last = out.lines().toList().getLast();
        assertTrue(last.startsWith("FAILED  distribution and certificates: ") && last.contains(missing), last);
    }

    /** Whether epmd runs where the tests run is not known; what is told and the status must agree. */
    @Test
    void aCheckAsksForEpmd() {
        ExitStatus status = run("start", "--check", "--epmd", "true");
        String last = out.lines().toList().getLast();
        assertEquals(
                status == ExitStatus.OK
                        ? "ok      epmd on port 4369"
                        : "FAILED  epmd on port 4369: it does not answer"
                                + " (start it with 'epmd -daemon', or set epmd to false)",
                last);
        assertTrue(status == ExitStatus.OK || status == ExitStatus.UNAVAILABLE, status.toString());
    }
}
