package io.llamanode.engine.contract;

/** A request, as long as somebody wants what it asks for: until it is cancelled, or its deadline has passed. */
public interface Wanted {
    /** {@return a number that no other request of the engine has} */
    long id();

    /** {@return {@link System#nanoTime()} after which it fails, or {@link GenerationRequest#NO_DEADLINE}} */
    long deadline();
}
