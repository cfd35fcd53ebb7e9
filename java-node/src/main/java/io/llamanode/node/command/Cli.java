package io.llamanode.node.command;

import io.llamanode.node.ExitException;
import io.llamanode.node.ExitStatus;
import io.llamanode.node.ServiceNode;
import io.llamanode.protocol.launch.ServiceConfig;
import io.llamanode.service.contract.FailureException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** The commands of {@code bin/llama-node}. For the main thread. */
public final class Cli {
    static final String NAME = "llama-node";

    private static final String CONFIG = "--config";
    private static final String CONFIG_HELP =
            "configuration file, JSON, or YAML or TOML by its ending (LLAMA_NODE_CONFIG)";
    private static final String CHECK = "--check";
    private static final String JSON = "--json";
    private static final String TIMEOUT = "--timeout-ms";
    private static final long DEFAULT_TIMEOUT_MS = 10_000;
    private static final long DEFAULT_STOP_TIMEOUT_MS = 60_000;
    /** A large model takes minutes to load. */
    private static final long DEFAULT_TRY_TIMEOUT_MS = 600_000;

    private final Map<String, String> environment;
    private final PrintStream out;
    private final PrintStream err;

    private Cli(Map<String, String> environment, PrintStream out, PrintStream err) {
        this.environment = environment;
        this.out = out;
        this.err = err;
    }

    /**
     * Runs a command.
     *
     * @param args the command line
     * @return the exit status of docs/operations.md
     */
    public static int run(String[] args) {
        return new Cli(System.getenv(), System.out, System.err)
                .run(List.of(args))
                .number();
    }

    /**
     * Runs a command with streams and an environment of its own.
     *
     * @param args the command line
     * @param environment in place of the process's
     * @param out what the command tells
     * @param err what is wrong
     * @return the exit status
     */
    static ExitStatus run(List<String> args, Map<String, String> environment, PrintStream out, PrintStream err) {
        return new Cli(environment, out, err).run(args);
    }

    private ExitStatus run(List<String> args) {
        CommandLine commands = commands();
        commands.setOut(new PrintWriter(out, true, StandardCharsets.UTF_8));
        try {
            ParseResult parsed = commands.parseArgs(args.toArray(String[]::new));
            Integer helped = CommandLine.executeHelpRequest(parsed);
            if (helped != null) {
                return ExitStatus.OK;
            }
            if (!parsed.hasSubcommand()) {
                commands.usage(err);
                return ExitStatus.USAGE;
            }
            return perform(parsed.subcommand(), args.subList(1, args.size()));
        } catch (UnmatchedArgumentException e) {
            err.println(
                    NAME + ": " + e.getMessage() + Setting.hint(e.getUnmatched().getFirst()));
            return ExitStatus.USAGE;
        } catch (ParameterException e) {
            err.println(NAME + ": " + e.getMessage());
            return ExitStatus.USAGE;
        } catch (ExitException e) {
            err.println(NAME + ": " + e.getMessage());
            return e.status();
        }
    }

    private static CommandLine commands() {
        CommandSpec root = command(NAME, "Runs a node of llama_node as a service. docs/operations.md has the details.");
        root.version("llama_node " + version());
        root.addOption(OptionSpec.builder("-V", "--version")
                .versionHelp(true)
                .description("show the version")
                .build());
        CommandSpec start = command("start", "Starts a node in the background and waits until it is ready.");
        CommandSpec foreground = command("foreground", "Runs a node until it is told to end; logs to standard error.");
        for (CommandSpec spec : List.of(start, foreground)) {
            spec.addOption(text(CONFIG, CONFIG_HELP));
            spec.addOption(flag(CHECK, "validate everything, load and start nothing"));
            Stream.of(Setting.values()).forEach(setting -> spec.addOption(option(setting)));
        }
        CommandSpec stop = command("stop", "Tells a node to end and waits until it has.");
        CommandSpec status = command("status", "Shows how a node is; without a name, each that runs.");
        status.addOption(flag(JSON, "as it is on the wire, in JSON"));
        CommandSpec ping = command("ping", "Asks whether a node answers.");
        for (CommandSpec spec : List.of(stop, status, ping)) {
            spec.addOption(text(CONFIG, CONFIG_HELP));
            spec.addOption(text(TIMEOUT, "how long to wait"));
            Stream.of(Setting.NODE_NAME, Setting.RUN_DIR).forEach(setting -> spec.addOption(option(setting)));
        }
        CommandSpec attempt = command(
                "try",
                "Tries a ping, a load, an answer, a stream and a free; through the control socket, or a bridge.");
        attempt.addOption(text(CONFIG, CONFIG_HELP));
        attempt.addOption(text(TIMEOUT, "how long to wait for all of it"));
        Stream.of(Setting.NODE_NAME, Setting.RUN_DIR, Setting.BRIDGE, Setting.BRIDGE_SECRET)
                .forEach(setting -> attempt.addOption(option(setting)));
        attempt.addPositional(PositionalParamSpec.builder()
                .index("0")
                .arity("0..1")
                .type(String.class)
                .paramLabel("MODEL")
                .description("a model file to load and to free again, unless it is loaded")
                .build());
        CommandSpec backends =
                command("backends", "Shows which libraries of llama.cpp are installed, and whether they load.");
        backends.addOption(text(CONFIG, CONFIG_HELP));
        backends.addOption(flag(JSON, "as llama_node:list_backends/0 gives it, in JSON"));
        backends.addOption(text(Setting.LLAMA_LIB.option(), Setting.LLAMA_LIB.help()));
        Stream.of(start, stop, status, foreground, ping, attempt, backends)
                .forEach(spec -> root.addSubcommand(spec.name(), spec));
        return new CommandLine(root);
    }

    /** {@return the version in the jar's manifest, or "development" where classes run from a folder} */
    private static String version() {
        String version = Cli.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
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

    private static OptionSpec option(Setting setting) {
        OptionSpec option = text(setting.option(), setting.help());
        return setting.mayStandAlone()
                ? option.toBuilder().arity("0..1").fallbackValue("true").build()
                : option;
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
            case "stop" ->
                new ControlCommands(timeout(command, DEFAULT_STOP_TIMEOUT_MS), out, err).stop(configuration.paths());
            case "status" -> status(configuration, command);
            case "backends" -> BackendsCommand.run(configuration.llamaLib(), command.hasMatchedOption(JSON), out);
            case "try" -> attempt(configuration, command);
            case "ping" ->
                new ControlCommands(timeout(command, DEFAULT_TIMEOUT_MS), out, err).ping(configuration.paths());
            default -> throw new IllegalStateException(command.commandSpec().name());
        };
    }

    private ExitStatus attempt(Configuration configuration, ParseResult command) throws ExitException {
        Path bridge = command.hasMatchedOption(Setting.BRIDGE.option()) ? configuration.bridge() : null;
        return TryCommand.run(
                bridge == null ? configuration.paths().socket() : bridge,
                bridge == null ? null : configuration.bridgeSecret(),
                command.matchedPositionalValue(0, (String) null),
                timeout(command, DEFAULT_TRY_TIMEOUT_MS),
                out);
    }

    private ExitStatus status(Configuration configuration, ParseResult command) throws ExitException {
        ControlCommands running = new ControlCommands(timeout(command, DEFAULT_TIMEOUT_MS), out, err);
        boolean json = command.hasMatchedOption(JSON);
        return configuration.namesNode()
                ? running.status(configuration.paths(), json)
                : running.statusOfAll(configuration.paths().directory(), json);
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
                .forEach(name ->
                        err.println(NAME + ": warning: " + name + " is no setting" + Setting.variableHint(name)));
        if (!configuration.unused().isEmpty()) {
            err.println(NAME + ": warning: servers run the models; left out are "
                    + String.join(", ", configuration.unused()));
        }
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
            return Checks.run(configuration, out);
        }
        configuration.checked();
        out.println(Launch.start(configuration.paths(), rest));
        return ExitStatus.OK;
    }

    private ExitStatus foreground(Configuration configuration, boolean check) throws ExitException {
        if (check) {
            return Checks.run(configuration, out);
        }
        ServiceConfig config = configuration.checked();
        try {
            ServiceNode.run(config, configuration.paths());
        } catch (FailureException e) {
            throw ExitException.config(e);
        }
        return ExitStatus.OK;
    }
}
