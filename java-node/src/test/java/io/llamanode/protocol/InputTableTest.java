package io.llamanode.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.ericsson.otp.erlang.OtpErlangAtom;
import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpErlangTuple;
import com.fasterxml.jackson.databind.JsonNode;
import io.llamanode.protocol.launch.ControlFrame;
import io.llamanode.service.contract.FailureException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * The decoders take what {@code priv/inputs.json} says, which the scripted server of the Erlang side checks by: every key
 * of every object, wherever in a request it may stand, with every bound, and no key beside them.
 */
final class InputTableTest {
    private static final OtpErlangObject OF_NO_TYPE = new OtpErlangTuple(
            new OtpErlangObject[] {new OtpErlangAtom("a"), new OtpErlangAtom("b"), new OtpErlangAtom("c")});

    private final InputTable table = new InputTable();

    /** The scripted server gives the same answers, by a test of its own. */
    @TestFactory
    Stream<DynamicTest> faultsLikeThoseOfTheOtherVectors() {
        return Vectors.read("bad_similar").stream()
                .map(vector -> DynamicTest.dynamicTest(
                        vector.name(), () -> assertEquals(vector.expect(), decode(vector.term()))));
    }

    @TestFactory
    Stream<DynamicTest> everyKeyIsTaken() {
        return rows().map(row -> DynamicTest.dynamicTest(row.name(), () -> {
            for (Object value : table.valid(row.row())) {
                String outcome = decode(row.place(), row.key(), value);
                assertFalse(outcome.contains("unknown option '" + row.key() + "'"), outcome);
                // What else may be missing is not this row's fault.
                assertFalse(isOf(row, outcome), () -> value + " gives " + outcome);
            }
        }));
    }

    @TestFactory
    Stream<DynamicTest> everyBoundIsKept() {
        return rows().map(row -> DynamicTest.dynamicTest(row.name(), () -> {
            List<Object> values = new ArrayList<>(table.invalid(row.row()));
            values.add(OF_NO_TYPE);
            for (Object value : values) {
                String outcome = decode(row.place(), row.key(), value);
                assertTrue(isOf(row, outcome), () -> value + " gives " + outcome);
            }
        }));
    }

    /** The outcome is a failure that names the row's key. */
    private static boolean isOf(Row row, String outcome) {
        return Stream.of("invalid_argument: ", "unsupported: ")
                .filter(outcome::startsWith)
                .map(code -> outcome.substring(code.length()))
                .anyMatch(message -> message.matches(Pattern.quote(row.place().pathOf(row.key())) + "[ :\\[.].*")
                        && !message.endsWith(" exclude each other; give only one"));
    }

    @TestFactory
    Stream<DynamicTest> noOtherKeyIsTaken() {
        Set<String> all = table.keys();
        return table.places()
                .filter(place -> place.beside() != null)
                .map(place -> DynamicTest.dynamicTest(place.name(), () -> {
                    Map<String, Object> example = table.example(place.object(), "");
                    Set<String> known = new TreeSet<>(table.known(place.object(), example));
                    place.beside().forEach(object -> known.addAll(table.known(object, example)));
                    Set<String> taken = new TreeSet<>();
                    for (String key : all) {
                        Map<String, Object> fields = new LinkedHashMap<>(example);
                        fields.put(key, OF_NO_TYPE);
                        if (!decode(place.request(fields))
                                .startsWith("invalid_argument: unknown option '" + key + "'")) {
                            taken.add(key);
                        }
                    }
                    assertEquals(known, taken);
                }));
    }

    @TestFactory
    Stream<DynamicTest> requiredKeysAreRequired() {
        return rows().filter(row -> row.row().path("required").asBoolean())
                .map(row -> DynamicTest.dynamicTest(row.name(), () -> {
                    Map<String, Object> fields = table.example(row.place().object(), row.key());
                    fields.remove(row.key());
                    String outcome = decode(row.place().request(fields));
                    String first = InputTable.names(row.row()).findFirst().orElseThrow();
                    assertEquals("invalid_argument: " + row.place().pathOf(first) + " is required", outcome);
                }));
    }

    @TestFactory
    Stream<DynamicTest> arguments() {
        return table.requests()
                .map(request -> DynamicTest.dynamicTest(request, () -> {
                    List<Object> wrong = new ArrayList<>();
                    for (JsonNode argument : table.arguments(request)) {
                        if (!argument.path("type").asText().equals("input")) {
                            wrong.clear();
                            table.arguments(request)
                                    .forEach(other -> wrong.add(
                                            other == argument
                                                    ? OF_NO_TYPE
                                                    : table.argument(other, Map.of("prompt", "a"))));
                            String outcome = decode(InputTable.request(request, wrong));
                            assertTrue(
                                    outcome.startsWith("invalid_argument: "
                                            + argument.path("name").asText()),
                                    outcome);
                        }
                    }
                    wrong.add(OF_NO_TYPE);
                    wrong.add(OF_NO_TYPE);
                    assertTrue(decode(InputTable.request(request, wrong))
                            .startsWith("invalid_argument: the request " + request + " takes "));
                }));
    }

    /** What a decoder asks its fields for stands in the table, lest a key is taken that no example has. */
    @Test
    void everyKeyThatIsAskedForStandsInTheTable() throws IOException {
        Pattern asked =
                Pattern.compile("\\b\\w+\\s*\\.(?:get|require|text|nonEmptyText|flag|integer|milliseconds|real|either)"
                        + "\\(\"(\\w+)\"(?:, \"(\\w+)\")?");
        Set<String> keys = new TreeSet<>();
        Path sources = InputTable.root().resolve("java-node/src/main/java/io/llamanode/protocol");
        try (Stream<Path> files = Files.walk(sources)) {
            for (Path file : files.filter(InputTableTest::isDecoder).toList()) {
                Matcher matcher = asked.matcher(Files.readString(file));
                while (matcher.find()) {
                    keys.add(matcher.group(1));
                    if (matcher.group(2) != null) {
                        keys.add(matcher.group(2));
                    }
                }
            }
        }
        assertTrue(keys.size() > 90, () -> "only " + keys);
        keys.removeAll(table.keys());
        assertEquals(Set.of(), keys);
    }

    /** The configuration of a node is no input of a client. */
    private static boolean isDecoder(Path file) {
        String name = file.getFileName().toString();
        return (name.endsWith("Decoder.java") || name.equals("Delivery.java")) && !name.contains("Config");
    }

    /** A key at a place. */
    private record Row(InputTable.Place place, String key, JsonNode row) {
        String name() {
            return place.name() + " " + key;
        }
    }

    private Stream<Row> rows() {
        return table.places()
                .flatMap(place -> table.rows(place.object())
                        .flatMap(row -> InputTable.names(row).map(key -> new Row(place, key, row))));
    }

    private String decode(InputTable.Place place, String key, Object value) {
        Map<String, Object> fields = new LinkedHashMap<>(table.example(place.object(), key));
        fields.put(key, value);
        return decode(place.request(fields));
    }

    private static String decode(OtpErlangObject request) {
        try {
            if (request instanceof OtpErlangTuple tuple
                    && tuple.arity() > 0
                    && tuple.elementAt(0).equals(new OtpErlangAtom("config"))) {
                ControlFrame.decode(request);
            } else {
                RequestDecoder.decode(request);
            }
            return "taken";
        } catch (FailureException e) {
            return e.failure().code().wireName() + ": " + e.failure().message();
        }
    }
}
