package io.llamanode.remote.request;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.function.BiConsumer;

/** Where an option goes. */
sealed interface Place {
    /** A server's kind has no field for it. */
    record Refused() implements Place {}

    /**
     * A field, or several.
     *
     * @param shown their names
     * @param writer puts a value there
     */
    record Field(String shown, BiConsumer<ObjectNode, Object> writer) implements Place {}

    /** The node itself sees to it. */
    record Node() implements Place {}
}
