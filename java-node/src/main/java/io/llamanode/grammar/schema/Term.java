package io.llamanode.grammar.schema;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;

/**
 * A set of JSON values, by what describes it. Equal ones are the same: made by {@link Terms}.
 */
sealed interface Term {
    /** {@return its number} */
    int id();

    /** All values. */
    record True(int id) implements Term {}

    /** None. */
    record False(int id) implements Term {}

    /** What is valid by a schema of the document. */
    record Schema(int id, Location location) implements Term {}

    /** One value. */
    record Value(int id, JsonNode json) implements Term {}

    /** All other values. */
    record Not(int id, Term of) implements Term {}

    /** What is in each of them. */
    record And(int id, List<Term> of) implements Term {}

    /** What is in any of them. */
    record Or(int id, List<Term> of) implements Term {}
}
