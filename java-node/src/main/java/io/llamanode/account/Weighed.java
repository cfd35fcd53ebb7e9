package io.llamanode.account;

/** What is no record, and tells by itself what it takes on the heap. */
public interface Weighed {
    /** {@return bytes that it takes, with everything that it is made of} */
    long weight();
}
