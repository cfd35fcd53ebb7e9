package io.llamanode.grammar.schema;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.llamanode.grammar.Matching;
import io.llamanode.grammar.automaton.Automaton;
import io.llamanode.grammar.automaton.GrammarLimitException;
import io.llamanode.grammar.automaton.Limits;
import io.llamanode.grammar.automaton.Recognizer;
import io.llamanode.grammar.rule.Grammar;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/**
 * Schemas with instances, and how the grammars of the schemas take the instances.
 *
 * <p>Its main program prints that: {@code FILE [EVERY [ONLY]]} looks at one of so many lines, or at those with a name.
 */
final class SchemaData {
    static final int MOST_NODES = 2_000_000;

    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .enable(com.fasterxml.jackson.databind.cfg.JsonNodeFeature.WRITE_NULL_PROPERTIES)
            .disable(com.fasterxml.jackson.databind.cfg.JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
            .build();

    private SchemaData() {}

    /** What came of one schema. */
    static final class Outcome {
        final String name;

        @Nullable
        SchemaException refused;

        @Nullable
        Throwable crashed;

        final List<String> validRefused = new ArrayList<>();
        final List<String> invalidAccepted = new ArrayList<>();
        long compileNanos;
        int nodes;

        Outcome(String name) {
            this.name = name;
        }

        boolean passes() {
            return refused == null && crashed == null && validRefused.isEmpty() && invalidAccepted.isEmpty();
        }
    }

    static void each(Path file, Consumer<JsonNode> consumer) {
        try (BufferedReader lines = new BufferedReader(
                new InputStreamReader(new GZIPInputStream(Files.newInputStream(file)), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                consumer.accept(JSON.readTree(line));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Outcome look(JsonNode line, boolean spaced) {
        Outcome outcome = new Outcome(
                line.has("name")
                        ? line.get("name").asText()
                        : line.get("file").asText() + ": "
                                + line.get("description").asText());
        Recognizer recognizer;
        try {
            long start = System.nanoTime();
            Whitespace whitespace = spaced ? Whitespace.ANY : Whitespace.COMPACT;
            Grammar grammar = JsonSchema.compile(
                            line.get("schema").asText(),
                            new JsonSchema.Options(
                                    whitespace,
                                    false,
                                    !line.path("file").asText().equals("format.json"),
                                    JsonSchema.Order.ANY))
                    .grammar();
            Automaton automaton = Automaton.of(grammar, MOST_NODES);
            outcome.compileNanos = System.nanoTime() - start;
            outcome.nodes = automaton.size();
            recognizer = new Recognizer(automaton, Limits.DEFAULT);
        } catch (SchemaException e) {
            outcome.refused = e;
            return outcome;
        } catch (GrammarLimitException e) {
            outcome.refused = new SchemaException("", "(automaton)", String.valueOf(e.getMessage()));
            return outcome;
        } catch (RuntimeException | StackOverflowError | AssertionError e) {
            outcome.crashed = e;
            return outcome;
        }
        for (JsonNode test : line.get("tests")) {
            JsonNode data = test.get("data");
            String text = spaced ? data.toPrettyString() : data.toString();
            try {
                boolean accepted = Matching.accepts(recognizer, text);
                if (accepted && !test.get("valid").asBoolean()) {
                    outcome.invalidAccepted.add(text);
                } else if (!accepted && test.get("valid").asBoolean()) {
                    outcome.validRefused.add(text);
                }
            } catch (RuntimeException | StackOverflowError | AssertionError e) {
                outcome.crashed = e;
            }
        }
        return outcome;
    }

    /** Prints what came of the schemas of a file. */
    public static void main(String[] arguments) {
        int every = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 1;
        String only = arguments.length > 2 ? arguments[2] : "";
        int[] number = new int[1];
        List<Outcome> all = new ArrayList<>();
        each(Path.of(arguments[0]), line -> {
            if (number[0]++ % every == 0
                    && (only.isEmpty()
                            || line.path("name")
                                    .asText(line.path("description").asText())
                                    .contains(only))) {
                all.add(look(line, number[0] % 2 == 0));
            }
        });
        Map<String, Integer> refused = new TreeMap<>();
        for (Outcome outcome : all) {
            if (outcome.refused != null) {
                refused.merge(outcome.refused.keyword(), 1, Integer::sum);
                System.out.println("REFUSED " + outcome.name + " " + outcome.refused.getMessage());
            } else if (outcome.crashed != null) {
                System.out.println("CRASHED " + outcome.name + " " + outcome.crashed + " "
                        + Arrays.toString(Arrays.copyOf(outcome.crashed.getStackTrace(), 4)));
            }
            outcome.validRefused.stream()
                    .limit(1)
                    .forEach(text -> System.out.println("VALID REFUSED " + outcome.name + " " + shortened(text)));
            outcome.invalidAccepted.stream()
                    .limit(2)
                    .forEach(text -> System.out.println("INVALID ACCEPTED " + outcome.name + " " + shortened(text)));
        }
        long[] times = all.stream()
                .filter(each -> each.refused == null)
                .mapToLong(each -> each.compileNanos / 1000)
                .sorted()
                .toArray();
        System.out.println("refused by keyword " + refused);
        System.out.println("schemas %d, passing %d, refused %d, crashed %d, valid refused %d, invalid accepted %d"
                .formatted(
                        all.size(),
                        all.stream().filter(Outcome::passes).count(),
                        all.stream().filter(each -> each.refused != null).count(),
                        all.stream().filter(each -> each.crashed != null).count(),
                        all.stream()
                                .filter(each -> !each.validRefused.isEmpty())
                                .count(),
                        all.stream()
                                .filter(each -> !each.invalidAccepted.isEmpty())
                                .count()));
        if (times.length > 0) {
            System.out.println("compile us p50 %d p90 %d p99 %d max %d"
                    .formatted(
                            times[times.length / 2],
                            times[times.length * 9 / 10],
                            times[times.length * 99 / 100],
                            times[times.length - 1]));
        }
        all.sort((one, two) -> Long.compare(two.compileNanos, one.compileNanos));
        all.stream()
                .limit(12)
                .forEach(each -> System.out.println(
                        "slow " + each.name + " " + each.compileNanos / 1000 + " us, nodes " + each.nodes));
    }

    private static String shortened(String text) {
        return text.length() > 300 ? text.substring(0, 300) + "..." : text;
    }
}
