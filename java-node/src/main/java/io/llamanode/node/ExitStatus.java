package io.llamanode.node;

/** The exit statuses of docs/operations.md; those from 64 on are sysexits(3)'s. Constants, for any thread. */
public enum ExitStatus {
    /** Done; for a node: it was told to stop, and every task had ended. */
    OK(0),
    /** The start failed for another reason than those below, for example because of its model. */
    FAILED(1),
    /** No node is running. */
    NOT_RUNNING(3),
    /** Of a node: its Java heap was exhausted, as the virtual machine itself says it. */
    HEAP(3),
    /** A node is running, but has not answered or ended in time. */
    NO_ANSWER(4),
    /** The node was told to stop, and tasks were cancelled at the drain deadline. */
    CUT_SHORT(5),
    /** The command line is wrong. */
    USAGE(64),
    /** epmd does not answer. */
    UNAVAILABLE(69),
    /** A defect of the node. */
    DEFECT(70),
    /** A name, port or socket belongs to another process. */
    TAKEN(73),
    /** A native call hung, and a node that only seems to live is of no use to anybody. */
    HUNG(75),
    /** The configuration is wrong; of the launcher: no Java that is new enough, or no jar. */
    CONFIG(78);

    private final int number;

    ExitStatus(int number) {
        this.number = number;
    }

    /** {@return as the operating system has it} */
    public int number() {
        return number;
    }
}
