package io.llamanode.remote.answer;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * What {@link PieceReader} finds in a body.
 *
 * <p>Never changes: for any thread.
 */
public sealed interface Piece {
    /**
     * A JSON object or array.
     *
     * @param value of it
     * @param error whether the server marked it as an error, by the name of its event or field
     */
    record Json(JsonNode value, boolean error) implements Piece {}

    /** The server says that there is no more. */
    record Done() implements Piece {}
}
