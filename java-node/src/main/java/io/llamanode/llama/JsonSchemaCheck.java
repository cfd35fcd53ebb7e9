package io.llamanode.llama;

import com.fasterxml.jackson.databind.JsonNode;

/** Refuses the schemas for which llama.cpp's converter throws, since no C++ exception may pass through JNI. */
final class JsonSchemaCheck {

    private JsonSchemaCheck() {}

    static JsonNode check(JsonNode schema) {
        if (!schema.isObject()) {
            throw new GrammarException("The JSON schema is not an object");
        }
        return schema;
    }
}
