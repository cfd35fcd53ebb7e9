package io.llamanode.bench.mask;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;

/**
 * A schema with texts that keep to it, and texts that do not.
 *
 * @param name of it
 * @param schema as it stands
 * @param instances written in both ways
 */
record Samples(String name, String schema, List<Instance> instances) {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final ObjectMapper SPACED = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    /**
     * A document.
     *
     * @param valid whether it keeps to the schema
     * @param compact as JSON without white space
     * @param spaced the same over several lines
     */
    record Instance(boolean valid, String compact, String spaced) {}

    /** {@return those of a file with a schema in each line, packed or not, or of a folder with a file for each} */
    static List<Samples> read(Path place) throws IOException {
        List<Samples> all = new ArrayList<>();
        if (Files.isDirectory(place)) {
            try (Stream<Path> files = Files.list(place)) {
                for (Path file : files.filter(each -> each.toString().endsWith(".json"))
                        .sorted()
                        .toList()) {
                    all.add(of(file.getFileName().toString(), JSON.readTree(file.toFile())));
                }
            }
            return all;
        }
        try (InputStream bytes = Files.newInputStream(place);
                InputStream plain = place.toString().endsWith(".gz") ? new GZIPInputStream(bytes) : bytes;
                BufferedReader lines = new BufferedReader(new InputStreamReader(plain, StandardCharsets.UTF_8))) {
            String line;
            while ((line = lines.readLine()) != null) {
                JsonNode node = JSON.readTree(line);
                all.add(of(node.path("name").asText(node.path("description").asText()), node));
            }
        }
        return all;
    }

    private static Samples of(String name, JsonNode node) throws IOException {
        List<Instance> instances = new ArrayList<>();
        for (JsonNode test : node.path("tests")) {
            JsonNode data = test.path("data");
            instances.add(new Instance(
                    test.path("valid").asBoolean(), JSON.writeValueAsString(data), SPACED.writeValueAsString(data)));
        }
        JsonNode schema = node.path("schema");
        return new Samples(name, schema.isTextual() ? schema.asText() : JSON.writeValueAsString(schema), instances);
    }
}
