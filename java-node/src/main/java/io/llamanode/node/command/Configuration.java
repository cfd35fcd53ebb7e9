package io.llamanode.node.command;

import io.llamanode.node.ExitException;
import io.llamanode.node.ExitStatus;
import io.llamanode.node.NodePaths;
import io.llamanode.protocol.ModelDecoder;
import io.llamanode.protocol.launch.ServiceConfig;
import io.llamanode.protocol.launch.ServiceConfigDecoder;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.Origin;
import io.llamanode.service.contract.model.Origins;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.MalformedInputException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The settings of all sources. A flag outranks the environment, which outranks the file, which outranks
 * the default.
 */
final class Configuration {
    private static final String DEFAULT_NAME = "llama@localhost";
    private static final String COOKIE = "LLAMA_NODE_COOKIE";
    private static final String FILE = "LLAMA_NODE_CONFIG";
    private static final int MAX_FILE = 1 << 20;
    /** Variables that are no settings: of the launcher, of this class, and of tests. */
    private static final Set<String> OTHERS =
            Set.of(FILE, COOKIE, "LLAMA_NODE_JAVA_HOME", "LLAMA_NODE_JAVA_OPTS", "LLAMA_NODE_AOT", "LLAMA_NODE_SHARED");

    private final Map<String, Object> tree;
    private final Origins origins;
    private final boolean named;
    private final List<String> unused;
    private final Map<String, String> environment;

    private Configuration(
            Map<String, Object> tree,
            Origins origins,
            boolean named,
            List<String> unused,
            Map<String, String> environment) {
        this.unused = unused;
        this.tree = tree;
        this.origins = origins;
        this.named = named;
        this.environment = environment;
    }

    /**
     * Merges the sources.
     *
     * @param file named on the command line, or {@code null}
     * @param flags settings of the command line
     * @param environment of the process
     */
    static Configuration of(@Nullable String file, Map<Setting, String> flags, Map<String, String> environment)
            throws ExitException {
        String named = file != null ? file : environment.get(FILE);
        Map<String, Object> tree = named == null || named.isEmpty() ? new LinkedHashMap<>() : read(Path.of(named));
        Map<String, Origin> origins = new HashMap<>();
        for (Setting setting : Setting.values()) {
            String text = flags.getOrDefault(setting, environment.get(setting.variable()));
            if (text != null && !text.isEmpty()) {
                setting.put(tree, value(setting, text));
                origins.put(setting.key(), flags.containsKey(setting) ? Origin.OPTION : Origin.ENVIRONMENT);
            }
        }
        boolean nodeNamed = tree.putIfAbsent(Setting.NODE_NAME.key(), DEFAULT_NAME) != null;
        List<String> unused = withoutUnused(tree, flags);
        return new Configuration(tree, new Origins(origins, Origin.FILE), nodeNamed, unused, environment);
    }

    /**
     * What files and the environment say of models that the node loads itself may be meant for another node: where servers run
     * all of this one's models it is left out.
     *
     * @return the keys that were, for a warning
     */
    private static List<String> withoutUnused(Map<String, Object> tree, Map<Setting, String> flags) {
        boolean further = tree.get("models") instanceof List<?> models
                && models.stream().anyMatch(model -> model instanceof Map<?, ?> keys && !isServers(keys));
        if (!isServers(tree) || further) {
            return List.of();
        }
        Set<String> typed = flags.keySet().stream().map(Setting::key).collect(Collectors.toSet());
        List<String> left = ModelDecoder.EMBEDDED.stream()
                .filter(key -> tree.containsKey(key) && !typed.contains(key))
                .toList();
        left.forEach(tree::remove);
        return left;
    }

    private static boolean isServers(Map<?, ?> model) {
        return "llama_server".equals(model.get("engine"));
    }

    /** {@return keys of models that the node loads itself, which are left out because servers run its models, for a warning} */
    List<String> unused() {
        return unused;
    }

    private static Object value(Setting setting, String text) throws ExitException {
        try {
            return setting.value(text);
        } catch (FailureException e) {
            throw ExitException.config(e);
        }
    }

    private static Map<String, Object> read(Path file) throws ExitException {
        try {
            return ServiceConfigDecoder.parse(file.toString(), text(file));
        } catch (FailureException e) {
            throw ExitException.config(e);
        } catch (NoSuchFileException e) {
            throw new ExitException(ExitStatus.CONFIG, "there is no configuration file " + file);
        } catch (MalformedInputException e) {
            throw new ExitException(ExitStatus.CONFIG, file + " is not UTF-8");
        } catch (IOException e) {
            throw new ExitException(ExitStatus.CONFIG, file + " cannot be read: " + e);
        }
    }

    /** What is no configuration, such as a device or a model's file, must not fill the memory. */
    private static String text(Path file) throws IOException, ExitException {
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(MAX_FILE + 1);
            if (bytes.length > MAX_FILE) {
                throw new ExitException(ExitStatus.CONFIG, file + " has more than " + MAX_FILE + " bytes");
            }
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        }
    }

    /** {@return whether a source gives the node's name, so that it is not the default} */
    boolean namesNode() {
        return named;
    }

    /** {@return where the node's files are; checks nothing else} */
    NodePaths paths() throws ExitException {
        return NodePaths.of(
                Objects.requireNonNull(text(Setting.NODE_NAME)),
                text(Setting.RUN_DIR),
                text(Setting.LOG_FILE),
                environment);
    }

    /** A bridge may be asked for without a place. */
    private void placeBridge() throws ExitException {
        Object given = tree.get(Setting.BRIDGE.key());
        if (Boolean.TRUE.equals(given)) {
            tree.put(Setting.BRIDGE.key(), paths().bridge().toString());
        } else if (Boolean.FALSE.equals(given)) {
            tree.remove(Setting.BRIDGE.key());
        }
    }

    /** {@return the socket of the line bridge, or {@code null} if there is none; checks nothing else} */
    @Nullable
    Path bridge() throws ExitException {
        placeBridge();
        String given = text(Setting.BRIDGE);
        return given == null ? null : Path.of(given);
    }

    /** {@return the file with the bridge's secret, or {@code null} if there is none; checks nothing else} */
    @Nullable
    Path bridgeSecret() throws ExitException {
        String given = text(Setting.BRIDGE_SECRET);
        return given == null ? null : Path.of(given);
    }

    /** {@return which llama.cpp is asked for, or {@code null}; checks nothing else} */
    @Nullable
    Path llamaLib() throws ExitException {
        String given = text(Setting.LLAMA_LIB);
        return given == null ? null : Path.of(given);
    }

    private @Nullable String text(Setting setting) throws ExitException {
        Object value = tree.get(setting.key());
        if (value != null && !(value instanceof String)) {
            throw new ExitException(ExitStatus.CONFIG, setting.key() + " must be text");
        }
        return (String) value;
    }

    /** {@return everything, checked} */
    ServiceConfig checked() throws ExitException {
        placeBridge();
        try {
            // First without the secret: what is wrong with the rest is worth more than that it is missing.
            ServiceConfigDecoder.decode(tree, "x", origins);
            return ServiceConfigDecoder.decode(tree, cookie(), origins);
        } catch (FailureException e) {
            throw ExitException.config(e);
        }
    }

    /** {@return variables that look like settings, or are so of llama.cpp, and are none, for a warning} */
    List<String> unknownVariables() {
        Set<String> known = Stream.concat(Stream.of(Setting.values()).map(Setting::variable), OTHERS.stream())
                .collect(Collectors.toSet());
        return environment.keySet().stream()
                .filter(name -> name.startsWith("LLAMA_NODE_") && !known.contains(name)
                        || name.startsWith("LLAMA_ARG_")
                                && !Setting.variableHint(name).isEmpty())
                .sorted()
                .toList();
    }

    private String cookie() throws ExitException {
        String given = environment.get(COOKIE);
        if (given != null && !given.isEmpty()) {
            return given;
        }
        String named = text(Setting.COOKIE_FILE);
        Path file = named != null ? Path.of(named) : Path.of(System.getProperty("user.home"), ".erlang.cookie");
        try {
            refuseReadableByOthers(file);
            return Files.readString(file, StandardCharsets.ISO_8859_1).strip();
        } catch (NoSuchFileException e) {
            throw new ExitException(
                    ExitStatus.CONFIG,
                    "there is no cookie: set cookie_file or " + COOKIE + "; there is no file " + file);
        } catch (IOException e) {
            throw new ExitException(ExitStatus.CONFIG, "cookie_file: " + file + " cannot be read: " + e);
        }
    }

    /** As {@code erl} does. */
    private static void refuseReadableByOthers(Path file) throws IOException, ExitException {
        List<PosixFilePermission> others = new ArrayList<>(Files.getPosixFilePermissions(file));
        others.removeIf(permission -> permission.name().startsWith("OWNER_"));
        if (!others.isEmpty()) {
            throw new ExitException(
                    ExitStatus.CONFIG, "cookie_file: " + file + " must be accessible by its owner only (chmod 600)");
        }
    }
}
