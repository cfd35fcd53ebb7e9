package io.llamanode.grammar.schema;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The official suite, and real schemas of MaskBench: no instance is taken for what it is not. */
class SchemaDataTest {
    /**
     * Names in Punycode stand for others, which a grammar can not decode: none of them is let through, that no invalid one is.
     */
    private static final List<String> KNOWN =
            List.of("optional/format/hostname.json: validation of A-label (punycode) host names");

    private static List<SchemaData.Outcome> outcomes(String name) {
        String shared = System.getProperty("LLAMA_NODE_SHARED", System.getenv("LLAMA_NODE_SHARED"));
        Path root = Path.of(System.getProperty("llamanode.root", ".."));
        Path file = (shared != null ? Path.of(shared) : root.resolve("../shared")).resolve("json-schema/" + name);
        assumeTrue(Files.isRegularFile(file), () -> "there is no " + file);
        List<SchemaData.Outcome> all = new ArrayList<>();
        SchemaData.each(file, line -> all.add(SchemaData.look(line, all.size() % 2 == 1)));
        return all;
    }

    private static List<String> names(List<SchemaData.Outcome> all, List<String> but) {
        return all.stream()
                .map(each -> each.name)
                .filter(name -> !but.contains(name))
                .toList();
    }

    private static List<SchemaData.Outcome> crashed(List<SchemaData.Outcome> all) {
        return all.stream().filter(each -> each.crashed != null).toList();
    }

    private static List<SchemaData.Outcome> lettingThrough(List<SchemaData.Outcome> all) {
        return all.stream().filter(each -> !each.invalidAccepted.isEmpty()).toList();
    }

    private static List<SchemaData.Outcome> refusing(List<SchemaData.Outcome> all) {
        return all.stream().filter(each -> !each.validRefused.isEmpty()).toList();
    }

    private static long compiled(List<SchemaData.Outcome> all) {
        return all.stream().filter(each -> each.refused == null).count();
    }

    @Test
    void everyInstanceOfTheOfficialSuiteAgreesOrItsSchemaIsRefused() {
        List<SchemaData.Outcome> all = outcomes("suite-draft2020-12.jsonl.gz");
        assertEquals(List.of(), names(crashed(all), List.of()));
        assertEquals(List.of(), names(lettingThrough(all), List.of()));
        assertEquals(List.of(), names(refusing(all), KNOWN));
        assertTrue(compiled(all) >= 0.7 * all.size(), () -> compiled(all) + " of " + all.size());
    }

    @Test
    void realSchemasAreHonouredExactlyOrRefused() {
        List<SchemaData.Outcome> all = outcomes("maskbench-dev.jsonl.gz");
        assertEquals(List.of(), names(crashed(all), List.of()));
        assertEquals(List.of(), names(lettingThrough(all), List.of()));
        assertTrue(
                refusing(all).size() <= all.size() / 1000,
                () -> names(refusing(all), List.of()).toString());
        long passing = all.stream().filter(SchemaData.Outcome::passes).count();
        assertTrue(passing >= 0.85 * all.size(), () -> passing + " of " + all.size());
    }
}
