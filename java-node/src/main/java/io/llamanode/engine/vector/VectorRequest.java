package io.llamanode.engine.vector;

import io.llamanode.engine.contract.GenerationRequest;
import io.llamanode.engine.contract.Wanted;
import java.util.List;

/**
 * Texts to be turned into vectors, or into scores.
 *
 * <p>Any thread may make one, and must not change the inputs afterwards.
 *
 * @param id unique among the requests of an engine
 * @param customer who is served in turn with others
 * @param inputs at least one; token ids, at least one each and at most as many as the runner's context holds
 * @param pooling how the vectors of a text's tokens become one; {@code RANK} for scores
 * @param deadline {@link System#nanoTime()} after which it fails, or {@link GenerationRequest#NO_DEADLINE}
 */
public record VectorRequest(long id, Object customer, List<int[]> inputs, Pooling pooling, long deadline)
        implements Wanted {
    /** How the vectors of a text's tokens become one. */
    public enum Pooling {
        /** Not at all: one vector a token. */
        NONE,
        /** Their mean. */
        MEAN,
        /** That of the first token. */
        CLS,
        /** That of the last token. */
        LAST,
        /** A relevance score instead of a vector. */
        RANK
    }

    /**
     * Refuses what no computation can take.
     *
     * @throws IllegalArgumentException if there is no input, or an empty one
     */
    public VectorRequest {
        inputs = List.copyOf(inputs);
        if (inputs.isEmpty() || inputs.stream().anyMatch(tokens -> tokens.length == 0)) {
            throw new IllegalArgumentException("nothing to compute");
        }
    }

    /** {@return tokens of all inputs} */
    public int tokens() {
        return inputs.stream().mapToInt(tokens -> tokens.length).sum();
    }
}
