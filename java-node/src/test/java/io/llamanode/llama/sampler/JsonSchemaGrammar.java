package io.llamanode.llama.sampler;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.llamanode.llama.LibraryException;
import io.llamanode.llama.library.LibraryFile;

/** Turns JSON schemas into grammars with llama.cpp's converter, for comparisons with the node's. */
public final class JsonSchemaGrammar {

    private static final ObjectMapper JSON = new ObjectMapper();

    private JsonSchemaGrammar() {}

    /**
     * Converts a schema.
     *
     * @param schema a JSON schema: an object, or {@code true} for any value
     * @return the grammar in GBNF, whose rule {@code root} generates the values the schema allows
     * @throws GrammarException when it is not JSON, or not a schema that llama.cpp can convert
     * @throws LibraryException when the native library cannot be used
     */
    public static String convert(String schema) {
        LibraryFile.embedded(); // The only one that exports the converter.
        JsonNode root;
        try {
            root = JSON.readTree(schema);
        } catch (JsonProcessingException e) {
            throw new GrammarException("The JSON schema is not JSON: " + e.getOriginalMessage(), e);
        }
        String normalized = JsonSchemaCheck.check(root).toString();
        return de.kherud.llama.LlamaModel.jsonSchemaToGrammar(normalized);
    }
}
