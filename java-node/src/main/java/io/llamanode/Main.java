package io.llamanode;

/** Entry point of the Java node. */
public final class Main {
    private Main() {}

    /**
     * Starts the node.
     *
     * @param args none are used
     */
    public static void main(String[] args) {
        System.err.println("not yet");
    }
}
