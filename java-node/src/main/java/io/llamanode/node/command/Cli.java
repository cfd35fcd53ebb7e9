package io.llamanode.node.command;

import com.fasterxml.jackson.databind.JsonNode;
import io.llamanode.node.ExitException;
import io.llamanode.node.ExitStatus;
import io.llamanode.node.NodePaths;
import io.llamanode.node.ServiceNode;
import io.llamanode.protocol.launch.ServiceConfig;
import io.llamanode.service.contract.FailureException;
import java.io.IOException;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** The commands of {@code bin/llama-node}. For the main thread. */
public final class Cli {
    static final String NAME = "llama-node";

    private static final String CONFIG = "--config";
    private static final String CHECK = "--check";
    private static final String JSON = "--json";
    private static final String TIMEOUT = "--timeout-ms";
    private static final long DEFAULT_TIMEOUT_MS = 10_000;
    private static final long DEFAULT_STOP_TIMEOUT_MS = 60_000;

    private final Map<String, String> environment;

    private Cli(Map<String, String> environment) {
        this.environment = environment;
    }

    /**
     * Runs a command.
     *
     * @param args the command line
     * @return the exit status of docs/operations.md
     */
    public static int run(String[] args) {
        CommandLine commands = commands();
        try {
            ParseResult parsed = commands.parseArgs(args);
            Integer helped = CommandLine.executeHelpRequest(parsed);
            if (helped != null) {
                return ExitStatus.OK.number();
            }
            if (!parsed.hasSubcommand()) {
                commands.usage(System.err);
                return ExitStatus.USAGE.number();
            }
            List<String> rest = Stream.of(args).skip(1).toList();
            return new Cli(System.getenv()).perform(parsed.subcommand(), rest).number();
        } catch (ParameterException e) {
            System.err.println(NAME + ": " + e.getMessage());
            return ExitStatus.USAGE.number();
        } catch (ExitException e) {
            System.err.println(NAME + ": " + e.getMessage());
            return e.status().number();
        }
    }

    private static CommandLine commands() {
        CommandSpec root = command(NAME, "Runs a node of llama_node as a service. docs/operations.md has the details.");
        CommandSpec start = command("start", "Starts a node in the background and waits until it is ready.");
        CommandSpec foreground = command("foreground", "Runs a node until it is told to end; logs to standard error.");
        for (CommandSpec spec : List.of(start, foreground)) {
            spec.addOption(text(CONFIG, "configuration file, JSON (LLAMA_NODE_CONFIG)"));
            spec.addOption(flag(CHECK, "validate everything, load and start nothing"));
            Stream.of(Setting.values()).forEach(setting -> spec.addOption(text(setting.option(), setting.help())));
        }
        CommandSpec stop = command("stop", "Tells a node to end and waits until it has.");
        CommandSpec status = command("status", "Shows how a node is.");
        status.addOption(flag(JSON, "as it is on the wire, in JSON"));
        CommandSpec ping = command("ping", "Asks whether a node answers.");
        for (CommandSpec spec : List.of(stop, status, ping)) {
            spec.addOption(text(CONFIG, "configuration file, JSON (LLAMA_NODE_CONFIG)"));
            spec.addOption(text(TIMEOUT, "how long to wait"));
            Stream.of(Setting.NODE_NAME, Setting.RUN_DIR)
                    .forEach(setting -> spec.addOption(text(setting.option(), setting.help())));
        }
        Stream.of(start, stop, status, foreground, ping).forEach(spec -> root.addSubcommand(spec.name(), spec));
        return new CommandLine(root);
    }

    private static CommandSpec command(String name, String description) {
        CommandSpec spec = CommandSpec.create().name(name).mixinStandardHelpOptions(false);
        spec.usageMessage().description(description);
        spec.addOption(OptionSpec.builder("-h", "--help")
                .usageHelp(true)
                .description("show this")
                .build());
        return spec;
    }

    private static OptionSpec text(String name, String description) {
        return OptionSpec.builder(name)
                .type(String.class)
                .paramLabel("VALUE")
                .description(description.replace("%", "%%"))
                .build();
    }

    private static OptionSpec flag(String name, String description) {
        return OptionSpec.builder(name)
                .type(boolean.class)
                .description(description)
                .build();
    }

    private ExitStatus perform(ParseResult command, List<String> rest) throws ExitException {
        Configuration configuration = configuration(command);
        return switch (command.commandSpec().name()) {
            case "start" -> start(configuration, rest, command.hasMatchedOption(CHECK));
            case "foreground" -> foreground(configuration, command.hasMatchedOption(CHECK));
            case "stop" -> stop(configuration.paths(), timeout(command, DEFAULT_STOP_TIMEOUT_MS));
            case "status" ->
                status(configuration.paths(), timeout(command, DEFAULT_TIMEOUT_MS), command.hasMatchedOption(JSON));
            case "ping" -> ping(configuration.paths(), timeout(command, DEFAULT_TIMEOUT_MS));
            default -> throw new IllegalStateException(command.commandSpec().name());
        };
    }

    private Configuration configuration(ParseResult command) throws ExitException {
        Map<Setting, String> flags = new EnumMap<>(Setting.class);
        for (Setting setting : Setting.values()) {
            String given = command.matchedOptionValue(setting.option(), (String) null);
            if (given != null) {
                flags.put(setting, given);
            }
        }
        Configuration configuration =
                Configuration.of(command.matchedOptionValue(CONFIG, (String) null), flags, environment);
        configuration
                .unknownVariables()
                .forEach(name -> System.err.println(NAME + ": warning: " + name + " is no setting"));
        return configuration;
    }

    private static long timeout(ParseResult command, long otherwise) throws ExitException {
        String given = command.matchedOptionValue(TIMEOUT, (String) null);
        if (given == null) {
            return otherwise;
        }
        if (!given.matches("[0-9]{1,10}")) {
            throw new ExitException(ExitStatus.USAGE, TIMEOUT + " must be a number of milliseconds, not " + given);
        }
        return Long.parseLong(given);
    }

    private ExitStatus start(Configuration configuration, List<String> rest, boolean check) throws ExitException {
        if (check) {
            return Checks.run(configuration, System.out);
        }
        configuration.checked();
        System.out.println(Launch.start(configuration.paths(), rest));
        return ExitStatus.OK;
    }

    private ExitStatus foreground(Configuration configuration, boolean check) throws ExitException {
        if (check) {
            return Checks.run(configuration, System.out);
        }
        ServiceConfig config = configuration.checked();
        try {
            ServiceNode.run(config, configuration.paths());
        } catch (FailureException e) {
            throw ExitException.config(e);
        }
        return ExitStatus.OK;
    }

    private static ExitStatus ping(NodePaths paths, long timeoutMs) throws ExitException {
        System.out.println(
                new ControlClient(paths, timeoutMs).ask("PING").path("message").asText());
        return ExitStatus.OK;
    }

    private static ExitStatus status(NodePaths paths, long timeoutMs, boolean json) throws ExitException {
        ControlClient node = new ControlClient(paths, timeoutMs);
        JsonNode status = node.ask("STATUS").path("data");
        if (json) {
            System.out.println(status.toPrettyString());
        } else {
            long pid = node.ask("PING").path("data").path("os_pid").asLong();
            StatusText.of(status, pid).forEach(System.out::println);
        }
        return ExitStatus.OK;
    }

    private static ExitStatus stop(NodePaths paths, long timeoutMs) throws ExitException {
        long pid = new ControlClient(paths, DEFAULT_TIMEOUT_MS)
                .ask("STOP")
                .path("data")
                .path("os_pid")
                .asLong();
        try {
            // The node lets go of its socket as the last thing it does; asking for the process itself is
            // slow for one that is no child.
            if (!paths.awaitUnlocked(timeoutMs)) {
                throw new ExitException(
                        ExitStatus.NO_ANSWER,
                        paths.nodeName() + " (process " + pid + ") is still ending after " + timeoutMs + " ms");
            }
            ProcessHandle.of(pid).ifPresent(process -> process.onExit().join());
        } catch (IOException | InterruptedException e) {
            throw new ExitException(ExitStatus.FAILED, "waiting for process " + pid + ": " + e.getMessage());
        }
        System.out.println(paths.nodeName() + " has ended");
        return ExitStatus.OK;
    }
}
