package io.llamanode.protocol.launch;

import io.llamanode.protocol.Fields;
import io.llamanode.protocol.InputValue;
import io.llamanode.protocol.JsonReader;
import io.llamanode.protocol.ModelDecoder;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.model.Origins;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.stream.Stream;

/** Reads the configuration of a node that runs as a service: JSON, YAML or TOML, with the names of docs/operations.md. */
public final class ServiceConfigDecoder {
    private static final String NAME = "the configuration";

    private ServiceConfigDecoder() {}

    /**
     * Reads a file: YAML if its name ends in {@code .yaml} or {@code .yml}, TOML in {@code .toml}, else JSON.
     *
     * @param place name of the file, for error messages, too
     * @param text one object
     * @return its entries, not checked yet, that can be changed
     * @throws FailureException {@code invalid_argument} if it is no object, or if there is a cookie in it
     */
    public static Map<String, Object> parse(String place, String text) {
        String name = place.toLowerCase(Locale.ROOT);
        boolean yaml = name.endsWith(".yaml") || name.endsWith(".yml");
        Object tree = yaml
                ? YamlText.parse(place, text)
                : name.endsWith(".toml") ? TomlText.parse(place, text) : JsonReader.parse(place, text);
        if (!(tree instanceof Map<?, ?> object)) {
            throw FailureException.invalid(
                    place + " must hold " + (yaml ? "a mapping of keys to values" : "a JSON object"));
        }
        Map<String, Object> entries = new LinkedHashMap<>();
        object.forEach((key, value) -> entries.put((String) key, value));
        if (entries.containsKey("cookie")) {
            throw FailureException.invalid(
                    place + ": cookie does not belong there; name a cookie_file, " + "or set LLAMA_NODE_COOKIE");
        }
        return entries;
    }

    /**
     * Reads one value that is written outside of the file.
     *
     * @param key of it, for error messages
     * @param text JSON
     * @return the value, not checked yet
     * @throws FailureException {@code invalid_argument} if it is none
     */
    public static Object value(String key, String text) {
        return Objects.requireNonNull(JsonReader.parse(key, text));
    }

    /**
     * Checks a configuration.
     *
     * @param entries as of {@link #parse}, with what other sources say in place of what the file says
     * @param cookie of the distribution
     * @param origins where the entries were given
     * @return the checked configuration
     * @throws FailureException {@code invalid_argument} naming the offending key
     */
    public static ServiceConfig decode(Map<String, Object> entries, String cookie, Origins origins) {
        Map<String, Object> tree = new LinkedHashMap<>(entries);
        tree.put("cookie", cookie);
        gatherModels(tree);
        Fields in = new Fields(InputValue.root(NAME, tree));
        BridgeSettings bridge = BridgeSettings.decode(in);
        Long drain = in.milliseconds("drain_timeout_ms", 0);
        // Read by whoever looks for the node's files.
        Stream.of("cookie_file", "run_dir", "log_file").forEach(in::nonEmptyText);
        LaunchConfig launch = ConfigDecoder.launch(in, origins);
        launch.node().refuseContradictions();
        return new ServiceConfig(launch, bridge, drain == null ? 30_000 : drain);
    }

    /** What only {@code model} can have stands beside it, as in the options of {@code start_link}. */
    private static void gatherModels(Map<String, Object> tree) {
        TreeSet<String> given = new TreeSet<>(ModelDecoder.OWN_KEYS);
        given.retainAll(tree.keySet());
        Object path = tree.remove("model");
        boolean remote = "llama_server".equals(tree.get("engine"));
        if (path == null && !remote) {
            if (!given.isEmpty()) {
                throw FailureException.invalid(given.first() + " belongs to model, which is not given");
            }
            return;
        }
        Map<String, Object> model = new LinkedHashMap<>();
        if (path != null) {
            model.put("path", path);
        }
        given.forEach(key -> model.put(key, tree.remove(key)));
        List<?> further = tree.get("models") instanceof List<?> list ? list : List.of();
        if (tree.containsKey("models") && !(tree.get("models") instanceof List)) {
            throw FailureException.invalid("models must be a list");
        }
        tree.put("models", Stream.concat(Stream.of(model), further.stream()).toList());
    }
}
