package io.llamanode.protocol;

import com.ericsson.otp.erlang.OtpErlangAtom;
import com.ericsson.otp.erlang.OtpErlangBinary;
import com.ericsson.otp.erlang.OtpErlangDouble;
import com.ericsson.otp.erlang.OtpErlangList;
import com.ericsson.otp.erlang.OtpErlangLong;
import com.ericsson.otp.erlang.OtpErlangMap;
import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpErlangPid;
import com.ericsson.otp.erlang.OtpErlangTuple;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** Reads {@code priv/inputs.json}, and makes requests by it; what the table means stands in it, under {@code about}. */
final class InputTable {
    private static final OtpErlangPid PID = new OtpErlangPid("a@b", 90, 1, 1_700_000_000);

    private final JsonNode table;

    InputTable() {
        try {
            table = new ObjectMapper()
                    .readTree(root().resolve("priv/inputs.json").toFile());
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** {@return the project's directory} */
    static Path root() {
        return Path.of(System.getProperty("llamanode.root", ".."));
    }

    /**
     * Where an object may stand.
     *
     * @param object its name in the table
     * @param name for people
     * @param path of the object in messages; empty if its keys are named without a place
     * @param beside other objects whose keys are taken there, too; {@code null}: also keys of none
     * @param build from the object's fields to a request
     */
    record Place(
            String object,
            String name,
            String path,
            List<String> beside,
            Function<Map<String, Object>, OtpErlangObject> build) {
        OtpErlangObject request(Map<String, Object> fields) {
            return build.apply(fields);
        }

        String pathOf(String key) {
            return path.isEmpty() ? key : path + "." + key;
        }
    }

    Stream<String> requests() {
        return StreamSupport.stream(
                ((Iterable<String>) () -> table.path("requests").fieldNames()).spliterator(), false);
    }

    List<JsonNode> arguments(String request) {
        return list(table.path("requests").path(request));
    }

    /** {@return every place in every request and in the frame that starts a node} */
    Stream<Place> places() {
        List<Place> places = new ArrayList<>();
        requests().forEach(request -> {
            List<JsonNode> arguments = arguments(request);
            for (int i = 0; i < arguments.size(); i++) {
                JsonNode argument = arguments.get(i);
                int at = i;
                if (argument.has("object")) {
                    boolean task = argument.path("type").asText().equals("input");
                    String object = argument.path("object").asText();
                    add(
                            places,
                            new Place(
                                    object,
                                    request + " " + object,
                                    "",
                                    task ? List.of("completion") : List.of(),
                                    fields -> {
                                        Map<String, Object> all = new LinkedHashMap<>(fields);
                                        if (task) {
                                            all.put("prompt", "a");
                                        }
                                        return request(request, arguments, at, all, "completion");
                                    }));
                }
                if (argument.path("type").asText().equals("input")) {
                    for (JsonNode task : table.path("tasks")) {
                        String name = task.asText();
                        add(
                                places,
                                new Place(
                                        name,
                                        request + " " + name,
                                        "",
                                        argument.has("object")
                                                ? List.of(
                                                        argument.path("object").asText())
                                                : List.of(),
                                        fields -> request(request, arguments, at, fields, name)));
                    }
                }
            }
        });
        add(places, new Place("start", "config start", "", null, fields -> {
            Map<String, Object> all = new LinkedHashMap<>(fields);
            all.put("node_name", "a@b");
            all.put("cookie", "secret");
            return term(List.of(), new OtpErlangAtom("config"), new OtpErlangLong(1), term(all));
        }));
        return places.stream();
    }

    private void add(List<Place> places, Place place) {
        boolean seen = places.stream().anyMatch(other -> other.object().equals(place.object()));
        places.add(place);
        if (seen) {
            // What is in it was added with the other one.
            return;
        }
        Stream.concat(rows(place.object()), frames(place.object())).forEach(row -> {
            JsonNode of = row.path("type").asText().equals("list") ? row.path("of") : row;
            if (of.has("object")) {
                String key = row.has("frame")
                        ? row.path("frame").asText()
                        : names(row).findFirst().orElseThrow();
                boolean several = Set.of("list", "tools", "adapters", "content")
                        .contains(row.path("type").asText());
                String object = of.path("object").asText();
                add(
                        places,
                        new Place(
                                object,
                                place.name() + " " + key,
                                place.pathOf(key) + (several ? "[0]" : ""),
                                List.of(),
                                fields -> {
                                    Map<String, Object> outer = new LinkedHashMap<>();
                                    if (!row.has("frame")) {
                                        outer.putAll(example(place.object(), key));
                                    }
                                    outer.put(key, several ? List.of(fields) : fields);
                                    return place.request(outer);
                                }));
            }
        });
    }

    private OtpErlangObject request(
            String name, List<JsonNode> arguments, int at, Map<String, Object> fields, String task) {
        List<Object> values = new ArrayList<>();
        for (int i = 0; i < arguments.size(); i++) {
            values.add(
                    i == at
                            ? fields
                            : arguments.get(i).path("type").asText().equals("task")
                                    ? task
                                    : argument(arguments.get(i), Map.of()));
        }
        return request(name, values);
    }

    static OtpErlangObject request(String name, List<Object> arguments) {
        return arguments.isEmpty() ? new OtpErlangAtom(name) : term(arguments, new OtpErlangAtom(name));
    }

    /** {@return a value for an argument} */
    Object argument(JsonNode argument, Map<String, Object> input) {
        return switch (argument.path("type").asText()) {
            case "task" -> "completion";
            case "input" -> input;
            case "sink" -> PID;
            case "object", "text_or_object", "tokens_or_object" ->
                example(argument.path("object").asText(), "");
            default -> valid(argument).getFirst();
        };
    }

    /** {@return the rows of an object that are keys, those of other objects that it includes among them} */
    Stream<JsonNode> rows(String object) {
        return rows(table.path("objects").path(object));
    }

    private Stream<JsonNode> rows(JsonNode rows) {
        return list(rows).stream().flatMap(row -> {
            if (row.has("include")) {
                return rows(row.path("include").asText());
            }
            if (row.has("frame")) {
                return rows(row.path("object").asText());
            }
            if (row.has("when")) {
                return rows(row.path("rows"));
            }
            return row.has("type") ? Stream.of(row) : Stream.of();
        });
    }

    private Stream<JsonNode> frames(String object) {
        return list(table.path("objects").path(object)).stream().filter(row -> row.has("frame"));
    }

    /** {@return the names of a row's key} */
    static Stream<String> names(JsonNode row) {
        return row.has("keys")
                ? list(row.path("keys")).stream().map(JsonNode::asText)
                : Stream.of(row.path("key").asText());
    }

    /** {@return every key of every object} */
    Set<String> keys() {
        Set<String> keys = new TreeSet<>();
        table.path("objects").fieldNames().forEachRemaining(object -> {
            rows(object).flatMap(InputTable::names).forEach(keys::add);
            frames(object).map(row -> row.path("frame").asText()).forEach(keys::add);
        });
        return keys;
    }

    /** {@return the keys that an object with these fields may have} */
    Set<String> known(String object, Map<String, Object> fields) {
        Set<String> keys = new TreeSet<>();
        known(list(table.path("objects").path(object)), fields, keys);
        return keys;
    }

    private void known(List<JsonNode> rows, Map<String, Object> fields, Set<String> keys) {
        for (JsonNode row : rows) {
            if (row.has("include")) {
                known(list(table.path("objects").path(row.path("include").asText())), fields, keys);
            } else if (row.has("frame")) {
                keys.add(row.path("frame").asText());
                known(list(table.path("objects").path(row.path("object").asText())), fields, keys);
            } else if (row.has("when")) {
                // With another value they are known all the same, and refused.
                if (row.has("otherwise")
                        || row.path("is")
                                .asText()
                                .equals(fields.get(row.path("when").asText()))) {
                    known(list(row.path("rows")), fields, keys);
                }
            } else if (row.has("type")) {
                names(row).forEach(keys::add);
            }
        }
    }

    /**
     * @param object a name in the table
     * @param key what will be put in
     * @return fields with which the object is taken, and none that excludes the key
     */
    Map<String, Object> example(String object, String key) {
        Map<String, Object> fields = new LinkedHashMap<>();
        example(list(table.path("objects").path(object)), key, fields);
        return fields;
    }

    private void example(List<JsonNode> rows, String key, Map<String, Object> fields) {
        for (JsonNode row : rows) {
            if (row.has("include")) {
                example(list(table.path("objects").path(row.path("include").asText())), key, fields);
            } else if (row.has("frame")) {
                if (!row.path("frame").asText().equals(key)) {
                    example(list(table.path("objects").path(row.path("object").asText())), key, fields);
                }
            } else if (row.has("one_of")) {
                if (list(row.path("one_of")).stream()
                        .flatMap(group -> list(group).stream())
                        .noneMatch(name -> name.asText().equals(key))) {
                    fields.put(row.path("one_of").path(1).path(0).asText(), "a");
                }
            } else if (row.has("needs")) {
                if (row.path("key").asText().equals(key)) {
                    fields.put(row.path("needs").asText(), true);
                }
            } else if (row.has("when")) {
                if (rows(row.path("rows")).flatMap(InputTable::names).anyMatch(key::equals)) {
                    fields.put(row.path("when").asText(), row.path("is").asText());
                    rows(row.path("rows"))
                            .filter(beside -> beside.path("required").asBoolean())
                            .forEach(beside -> fields.putIfAbsent(
                                    beside.path("key").asText(), valid(beside).getFirst()));
                }
            } else if (row.path("required").asBoolean()) {
                fields.put(
                        names(row)
                                .filter(key::equals)
                                .findFirst()
                                .orElseGet(() -> names(row).findFirst().orElseThrow()),
                        valid(row).getFirst());
            }
        }
    }

    /** {@return values that a row allows, its bounds among them} */
    List<Object> valid(JsonNode row) {
        Object min = number(row, "min");
        Object max = number(row, "max");
        return switch (row.path("type").asText()) {
            case "integer" -> List.of(min, max);
            case "integer_or_word" -> {
                List<Object> all = new ArrayList<>(texts(row.path("values")));
                all.addAll(List.of(min, max));
                yield all;
            }
            case "number" -> List.of(row.has("over") ? 0.001 : min, max);
            case "boolean" -> List.of(true, false);
            case "switch" -> List.of(true, false, row.path("also").asText());
            case "settled" -> List.of(row.path("value").asBoolean());
            case "text", "path", "breaker", "name", "content" -> List.of("a");
            case "command" -> List.of(List.of("a", "--b=c"), List.of("a", "--port", "{port}"));
            case "url" -> List.of("http://127.0.0.1:8080", "https://a.example/base/");
            case "proxy" -> List.of("http://127.0.0.1:8080", "HTTP://a.example/");
            case "word", "enum", "tool_choice" -> List.copyOf(texts(row.path("values")));
            case "object" -> List.of(example(row.path("object").asText(), ""));
            case "list" -> List.of(List.of(valid(row.path("of")).getFirst()));
            case "demand" -> List.of(true, false, new OtpErlangAtom("once"), 1, max);
            case "tokens" -> List.of(List.of(1, 2));
            case "prompt" -> List.of("a", List.of(1, 2));
            case "prompts" -> List.of("a", List.of("a", "b"));
            case "json" -> List.of(Map.of("type", "object"), "{\"type\": \"object\"}");
            case "variables", "parameters", "arguments" -> List.of(Map.of());
            case "headers" -> List.of(Map.of(), Map.of("X-Team", "a b~", "Te_st", ""));
            case "biases" -> List.of(Map.of("5", min), Map.of("5", max), Map.of("5", false));
            case "bounded" -> List.of("a", "a".repeat((Integer) max));
            case "stops" -> List.of("a", List.of("a"), "a".repeat((Integer) max));
            case "samplers" ->
                texts(row.path("values")).stream()
                        .map(List::of)
                        .map(Object.class::cast)
                        .toList();
            case "adapters" ->
                List.of(
                        List.of(example(row.path("object").asText(), "")),
                        named("id", row.path("most").asInt()));
            case "tools" ->
                List.of(
                        List.of(example(row.path("object").asText(), "")),
                        named("name", row.path("most").asInt()));
            case "only_text" -> List.of("text");
            case "only_function" -> List.of("function");
            case "template" -> List.of("{{ a }}", "a", Map.of());
            case "pid" -> List.of(PID);
            default -> throw new AssertionError("no value for " + row);
        };
    }

    /** {@return values that a row refuses, from just beyond its bounds} */
    List<Object> invalid(JsonNode row) {
        List<Object> values = new ArrayList<>();
        String type = row.path("type").asText();
        switch (type) {
            case "integer" -> {
                values.add(big(row, "min").subtract(BigInteger.ONE));
                values.add(big(row, "max").add(BigInteger.ONE));
                values.addAll(List.of(1.5, "1", true));
            }
            case "integer_or_word" -> {
                values.add(big(row, "min").subtract(BigInteger.ONE));
                values.add(big(row, "max").add(BigInteger.ONE));
                values.addAll(List.of(1.5, "1", "zzz", true));
            }
            case "number" -> {
                values.add(
                        row.has("over")
                                ? row.path("over").asDouble()
                                : row.path("min").asDouble() - 0.01);
                values.add(row.path("max").asDouble() + 0.01);
                values.addAll(List.of("1", true));
            }
            case "boolean" -> values.addAll(List.of(1, "true"));
            case "switch" -> values.addAll(List.of(1, "true"));
            case "settled" ->
                values.addAll(List.of(1, "true", !row.path("value").asBoolean()));
            case "text", "path", "template" -> {
                values.addAll(List.of(1, true));
                if (!type.equals("text") || row.path("min").asInt() > 0) {
                    values.add("");
                }
            }
            case "command" -> {
                values.addAll(List.of("a", 1, List.of(), List.of(""), List.of("a", 1)));
                values.addAll(List.of(
                        List.of("a", "--port", "1"), List.of("a", "--host=b"), List.of("a", "--api-key", "{port}")));
                values.add(IntStream.rangeClosed(0, row.path("most").asInt())
                        .mapToObj(i -> "a")
                        .toList());
            }
            case "url" ->
                values.addAll(List.of(1, true, "", "a", "ftp://a", "http://", "http://me:x@a", "http://a/?b"));
            case "headers" -> {
                values.addAll(List.of(1, "a", Map.of("a b", "c"), Map.of("", "c"), Map.of("X", 1), Map.of("X", true)));
                values.addAll(List.of(Map.of("X", "a\nb"), Map.of("X", "\u00e9"), Map.of("X", "\u007f")));
                texts(row.path("own")).forEach(own -> values.add(Map.of(own.toUpperCase(Locale.ROOT), "a")));
            }
            case "proxy" -> values.addAll(List.of(1, "", "a", "http://me:x@a", "https://a", "http://a/b"));
            case "word", "enum", "tool_choice", "only_text", "only_function" -> values.addAll(List.of("zzz", 1));
            case "name" ->
                values.addAll(List.of("", "a b", "a".repeat(row.path("max").asInt() + 1)));
            case "breaker", "bounded" ->
                values.addAll(List.of("", "a".repeat(row.path("max").asInt() + 1)));
            case "list" -> {
                values.add("a");
                values.addAll(invalid(row.path("of")).stream().map(List::of).toList());
                if (row.has("least")) {
                    values.add(List.of());
                }
                if (row.has("most")) {
                    Object item = valid(row.path("of")).getFirst();
                    values.add(IntStream.rangeClosed(0, row.path("most").asInt())
                            .mapToObj(i -> item)
                            .toList());
                }
            }
            case "stops" -> {
                values.addAll(List.of(
                        "",
                        List.of(""),
                        List.of("a", 1),
                        "a".repeat(row.path("max").asInt() + 1)));
                values.add(IntStream.rangeClosed(0, row.path("most").asInt())
                        .mapToObj(i -> "a")
                        .toList());
            }
            case "biases" ->
                values.addAll(List.of(
                        Map.of("5", row.path("min").asDouble() - 1),
                        Map.of("5", row.path("max").asDouble() + 1),
                        Map.of("5", true)));
            case "samplers" -> values.addAll(List.of("top_k", List.of("zzz"), List.of("top_k", "top_k")));
            case "demand" -> values.addAll(List.of(0, big(row, "max").add(BigInteger.ONE), "twice"));
            case "tools" -> values.add(named("name", row.path("most").asInt() + 1));
            case "adapters" -> values.add(named("id", row.path("most").asInt() + 1));
            default -> {}
        }
        return values;
    }

    private static List<Object> named(String key, int count) {
        return IntStream.range(0, count)
                .<Object>mapToObj(i -> Map.of(key, "n" + i))
                .toList();
    }

    private static List<String> texts(JsonNode array) {
        return list(array).stream().map(JsonNode::asText).toList();
    }

    private static List<JsonNode> list(JsonNode array) {
        List<JsonNode> items = new ArrayList<>();
        array.forEach(items::add);
        return items;
    }

    private static BigInteger big(JsonNode row, String key) {
        return row.path(key).bigIntegerValue();
    }

    private static Object number(JsonNode row, String key) {
        JsonNode value = row.path(key);
        return value.isInt() ? (Object) value.asInt() : value.bigIntegerValue();
    }

    private static OtpErlangTuple term(List<Object> more, OtpErlangObject... first) {
        List<OtpErlangObject> elements = new ArrayList<>(Arrays.asList(first));
        more.forEach(value -> elements.add(term(value)));
        return new OtpErlangTuple(elements.toArray(OtpErlangObject[]::new));
    }

    private static OtpErlangObject term(Object value) {
        return switch (value) {
            case OtpErlangObject term -> term;
            case String text -> new OtpErlangBinary(text.getBytes(StandardCharsets.UTF_8));
            case Boolean flag -> new OtpErlangAtom(flag);
            case Integer number -> new OtpErlangLong(number);
            case BigInteger number -> new OtpErlangLong(number);
            case Double number -> new OtpErlangDouble(number);
            case List<?> list ->
                new OtpErlangList(list.stream().map(InputTable::term).toArray(OtpErlangObject[]::new));
            case Map<?, ?> map ->
                new OtpErlangMap(
                        map.keySet().stream()
                                .map(key -> new OtpErlangAtom((String) key))
                                .toArray(OtpErlangObject[]::new),
                        map.values().stream().map(InputTable::term).toArray(OtpErlangObject[]::new));
            default -> throw new AssertionError("no term for " + value.getClass());
        };
    }
}
