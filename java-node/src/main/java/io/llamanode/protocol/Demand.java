package io.llamanode.protocol;

/** How many events of a stream its process asks for; docs/protocol.md, section 4. */
public sealed interface Demand {
    /** Every event, as it comes. */
    record All() implements Demand {}

    /** None, until the process asks again. */
    record None() implements Demand {}

    /** One, and then none. */
    record Once() implements Demand {}

    /**
     * So many more than are open already; the process is told when they are used up.
     *
     * @param events at least 1
     */
    record More(int events) implements Demand {}
}
