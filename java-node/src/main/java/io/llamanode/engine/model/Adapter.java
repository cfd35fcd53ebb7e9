package io.llamanode.engine.model;

/**
 * A change of the model's weights that requests can ask for; compared by identity.
 *
 * <p>Any thread may pass one on; it is closed by whoever made it.
 */
public interface Adapter extends AutoCloseable {
    /** Frees it; no engine may use it any more. */
    @Override
    void close();
}
