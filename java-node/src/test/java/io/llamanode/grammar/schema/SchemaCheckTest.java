package io.llamanode.grammar.schema;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import io.llamanode.grammar.validity.SchemaCheck;
import io.llamanode.grammar.validity.Verdict;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Values by schemas: the official suite, real schemas, random ones against a validator of others, and what is told. */
class SchemaCheckTest {
    private static final int RANDOM = Integer.getInteger("llamanode.schemas", 500);

    /** See {@link SchemaDataTest}. */
    private static final String PUNYCODE = "optional/format/hostname.json: validation of A-label (punycode) host names";

    private final Map<String, Integer> counts = new TreeMap<>();
    private final Map<String, Integer> unjudged = new TreeMap<>();
    private final List<String> wrong = new ArrayList<>();

    private static Path data(String name) {
        String shared = System.getProperty("LLAMA_NODE_SHARED", System.getenv("LLAMA_NODE_SHARED"));
        Path root = Path.of(System.getProperty("llamanode.root", ".."));
        Path file = (shared != null ? Path.of(shared) : root.resolve("../shared")).resolve("json-schema/" + name);
        assumeTrue(Files.isRegularFile(file), () -> "there is no " + file);
        return file;
    }

    private void look(JsonNode line) {
        String file = line.path("file").asText();
        String name =
                line.path("name").asText(file + ": " + line.path("description").asText());
        SchemaCheck check;
        try {
            check = SchemaCheck.of(line.get("schema").asText(), !file.equals("format.json"));
        } catch (SchemaException e) {
            count("refused");
            return;
        }
        for (JsonNode test : line.get("tests")) {
            Verdict verdict = check.judge(test.get("data").toString());
            boolean valid = test.get("valid").asBoolean();
            count(verdict.getClass().getSimpleName());
            if (verdict instanceof Verdict.Unjudged(String why)) {
                unjudged.merge(why.replaceAll(" .*", ""), 1, Integer::sum);
            }
            if (verdict instanceof Verdict.Fault ? valid && !name.equals(PUNYCODE) : verdict.isValid() && !valid) {
                wrong.add(name + " " + test.path("description").asText() + " "
                        + verdict.getClass().getSimpleName());
            }
        }
    }

    private void count(String what) {
        counts.merge(what, 1, Integer::sum);
    }

    private void assertNearlyAllAreJudged() {
        assertEquals(List.of(), wrong.stream().limit(20).toList());
        assertTrue(10 * counts.getOrDefault("Unjudged", 0) <= counts.get("Valid"), () -> counts + " " + unjudged);
    }

    @Test
    void everyInstanceOfTheOfficialSuiteAgrees() {
        SchemaData.each(data("suite-draft2020-12.jsonl.gz"), this::look);
        assertEquals(List.of(), wrong.stream().limit(20).toList());
        // Of other documents, of another meaning at each place, and of idn-hostname and regex.
        assertEquals(List.of("$dynamicRef:", "$ref:", "format:"), List.copyOf(unjudged.keySet()));
        assertTrue(counts.get("Fault") > 800 && counts.get("Valid") > 1000, counts::toString);
    }

    @Test
    void everyInstanceOfRealSchemasAgrees() {
        SchemaData.each(data("maskbench-dev.jsonl.gz"), this::look);
        assertNearlyAllAreJudged();
    }

    @Test
    void randomValuesAreValidWhereAnotherValidatorSaysSo() {
        SchemaRegistry registry = SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);
        tools.jackson.databind.json.JsonMapper exact = tools.jackson.databind.json.JsonMapper.builder()
                .enable(tools.jackson.databind.DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
                .build();
        RandomSchemas schemas = new RandomSchemas(23);
        RandomSchemas values = new RandomSchemas(29);
        for (int i = 0; i < RANDOM; i++) {
            ObjectNode schema = schemas.next();
            SchemaCheck check = SchemaCheck.of(schema.toString(), true);
            try {
                Schema other = registry.getSchema(exact.readTree(schema.toString()));
                for (int j = 0; j < 10; j++) {
                    String value = values.value(2).toString();
                    boolean valid = other.validate(
                                    exact.readTree(value),
                                    context -> context.executionConfig(config -> config.formatAssertionsEnabled(true)))
                            .isEmpty();
                    Verdict verdict = check.judge(value);
                    count(verdict.getClass().getSimpleName());
                    if (verdict instanceof Verdict.Fault ? valid : verdict.isValid() && !valid) {
                        wrong.add(value + " is " + valid + ", not "
                                + verdict.getClass().getSimpleName() + " by " + schema);
                    }
                }
            } catch (tools.jackson.core.JacksonException | NumberFormatException | StackOverflowError e) {
                count("not taken by the other one");
            }
        }
        assertTrue(counts.getOrDefault("Valid", 0) > RANDOM / 2, counts::toString);
        assertNearlyAllAreJudged();
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '^',
            delimiter = '|',
            value = {
                "{`uniqueItems`: true} | [{`a`:1,`b`:2},3,{`b`:2.0,`a`:1}] | | uniqueItems",
                "{`properties`:{`a/b~`:{`items`:{`type`:`integer`}}}} | {`a/b~`:[1,2,`x`]} | /a~1b~0/2 | type",
                "{`additionalProperties`:false} | {`z`:1} | /z | additionalProperties",
                "{`allOf`:[{`required`:[`q`]}]} | {} | | required",
                "{`properties`:{`a`:true},`anyOf`:[{`properties`:{`b`:true},`required`:[`b`]},true],`unevaluatedProperties`:false}"
                        + " | {`a`:1,`b`:2,`c`:3} | /c | unevaluatedProperties",
                "{`$schema`:`http://json-schema.org/draft-07/schema#`,`items`:[{}],`additionalItems`:{`maxLength`:1}}"
                        + " | [`ab`,`ab`] | /1 | maxLength",
                "{`multipleOf`:0.01} | 0.075 | | multipleOf",
                "{`maxLength`:1} | `\uD83D\uDE00\uD83D\uDE00` | | maxLength",
                "{`$defs`:{`t`:{`type`:`object`,`properties`:{`n`:{`$ref`:`#/$defs/t`}}}},`$ref`:`#/$defs/t`}"
                        + " | {`n`:{`n`:{`n`:0}}} | /n/n/n | type",
                "false | 1 | | ",
            })
    void aFaultSaysWhereAndWhat(String schema, String value, String pointer, String keyword) {
        Verdict verdict = SchemaCheck.of(schema.replace('`', '"'), true).judge(value.replace('`', '"'));
        Verdict.Fault fault = assertInstanceOf(Verdict.Fault.class, verdict);
        assertEquals(pointer == null ? "" : pointer, fault.pointer());
        assertEquals(keyword == null ? "" : keyword, fault.keyword());
        assertTrue(!fault.message().isEmpty());
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '^',
            delimiter = '|',
            value = {
                // Whatever is not known stays so, however it is put together.
                "{`$ref`:`#/nowhere`} | 1",
                "{`not`:{`pattern`:`(?<=a)b`}} | `b`",
                "{`anyOf`:[{`pattern`:`(?<=a)b`},false]} | `b`",
                "{`oneOf`:[true,{`minLength`:`x`}]} | `b`",
                "{`properties`:{`a`:{`$ref`:`#`}},`$ref`:`#`} | {}",
                "{`anyOf`:[{`$ref`:`http://example.com/other`}],`unevaluatedProperties`:false} | {`a`:1}",
            })
    void whatCanNotBeLookedAtIsNotJudged(String schema, String value) {
        assertInstanceOf(
                Verdict.Unjudged.class,
                SchemaCheck.of(schema.replace('`', '"'), true).judge(value.replace('`', '"')));
    }

    @Test
    void aFaultIsFoundBesideWhatIsNotJudged() {
        Verdict verdict = SchemaCheck.of("{\"pattern\":\"(?<=a)b\",\"maxLength\":1}", true)
                .judge("\"ab\"");
        assertEquals("maxLength", assertInstanceOf(Verdict.Fault.class, verdict).keyword());
    }

    /** Each would take for ever if it were looked at to its end. */
    @Test
    void noLookIsEndless() {
        String deep = "[".repeat(150) + "]".repeat(150);
        String doubling =
                "{\"$defs\":{\"a\":{\"anyOf\":[{\"items\":{\"$ref\":\"#/$defs/a\"},\"minItems\":1},{\"items\":{\"$ref\":\"#/$defs/a\"},\"minItems\":1}]}},"
                        + "\"$ref\":\"#/$defs/a\"}";
        assertInstanceOf(Verdict.Unjudged.class, SchemaCheck.of(doubling, true).judge(deep));
        String text = "\"" + "a".repeat(40) + "!\"";
        Verdict backtracking =
                SchemaCheck.of("{\"pattern\":\"^(a|a|aa)*(a+)+$\"}", true).judge(text);
        assertInstanceOf(Verdict.Fault.class, backtracking);
        String many = "[" + "{\"a\":[1,2,3]},".repeat(400_000) + "1]";
        assertInstanceOf(
                Verdict.Unjudged.class,
                SchemaCheck.of("{\"items\":{\"type\":\"object\"}}", true).judge(many));
        String name = "n".repeat(40_000);
        String longName = "{\"" + name + "\":[" + "1,".repeat(30_000) + "1]}";
        Verdict named = SchemaCheck.of(
                        "{\"additionalProperties\":{\"items\":{\"anyOf\":[{\"type\":\"null\"},{\"minimum\":1}]}},\"required\":[\""
                                + name + "\"]}",
                        true)
                .judge(longName);
        assertInstanceOf(Verdict.Valid.class, named);
        Verdict states = SchemaCheck.of("{\"items\":{\"pattern\":\"^(?:(a|b)*a(a|b){30}|[ab]{60})$\"}}", true)
                .judge(random(2_000));
        assertInstanceOf(Verdict.Unjudged.class, states);
        String ignored = "[" + "\"a\",".repeat(100_000) + "1]";
        assertInstanceOf(
                Verdict.Unjudged.class,
                SchemaCheck.of("{\"items\":{\"minLength\":\"x\"}}", true).judge(ignored));
        assertInstanceOf(
                Verdict.Unjudged.class,
                SchemaCheck.of("{\"pattern\":\"^" + "(a?".repeat(5000) + ")".repeat(5000) + "$\"}", true)
                        .judge("\"aaa\""));
        assertInstanceOf(
                Verdict.Fault.class,
                SchemaCheck.of("{\"maximum\":5,\"multipleOf\":3}", true).judge("1e99999999"));
    }

    /** {@return a list of texts over two letters} */
    private static String random(int items) {
        Random random = new Random(7);
        StringBuilder all = new StringBuilder("[");
        for (int i = 0; i < items; i++) {
            all.append(i == 0 ? "\"" : ",\"");
            for (int j = 0; j < 60; j++) {
                all.append(random.nextBoolean() ? 'a' : 'b');
            }
            all.append('"');
        }
        return all.append(']').toString();
    }
}
