package io.llamanode.llama;

/** Follows a model load. Called on the loading thread. */
@FunctionalInterface
public interface ProgressListener {

    /** Listens to nothing. */
    ProgressListener NONE = fraction -> true;

    /**
     * Part of the model is loaded.
     *
     * @param fraction 0.0 to 1.0, not decreasing
     * @return {@code false} to give the load up; an exception does so too and is thrown by the load
     */
    boolean progress(float fraction);
}
