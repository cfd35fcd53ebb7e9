package io.llamanode.grammar.schema;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * A schema in the document. There is one for each place.
 *
 * @param json what stands there
 * @param pointer from the document's root
 * @param base URI that references in it are relative to
 * @param dialect that it is written in
 */
public record Location(JsonNode json, String pointer, String base, Dialect dialect) {
    /** Each is another: two places may read the same and mean different things. */
    @Override
    public boolean equals(Object other) {
        return this == other;
    }

    @Override
    public int hashCode() {
        return System.identityHashCode(this);
    }

    /** {@return the exception that refuses a keyword of it} */
    SchemaException refuse(String keyword, String reason) {
        return new SchemaException(pointer, keyword, reason);
    }
}
