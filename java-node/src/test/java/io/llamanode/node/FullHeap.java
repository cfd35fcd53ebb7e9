package io.llamanode.node;

import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import javax.management.NotificationEmitter;
import org.jspecify.annotations.Nullable;

/** What keeps a process busy with its garbage: a heap with next to nothing to collect, and a thread that goes on allocating. */
final class FullHeap {
    /** Percent of the heap that stay free. */
    private static final int ROOM = 6;

    private static final int NODES = 1 << 12;
    private static final int NODE_BYTES = 16;

    /** Small, so that a collection has many of them to look at. */
    private record Node(@Nullable Node next) {}

    private FullHeap() {}

    /** A node whose models fill the heap. */
    static final class PortMain {
        private PortMain() {}

        public static void main(String[] args) throws Exception {
            new PortNode(StandardStreams.claim(), launch -> ServiceMain.loader(FullSpeedNode.loader(launch))).start();
        }
    }

    /** Does not return. */
    static void fill() {
        // Wakes the watch, and loads the classes that it needs as long as that is quick: nodes have their first
        // collection
        // long before their heap is full.
        System.gc();
        for (GarbageCollectorMXBean collector : ManagementFactory.getGarbageCollectorMXBeans()) {
            ((NotificationEmitter) collector).addNotificationListener((notice, nothing) -> {}, null, null);
        }
        List<Node> kept = new ArrayList<>();
        long missing = missing();
        while (missing > 0) {
            // By less than what is missing, because a list takes more than its nodes.
            for (long added = 0; added <= missing * 3 / 4; added += (long) NODES * NODE_BYTES) {
                kept.add(nodes());
            }
            missing = missing();
        }
        while (true) {
            if (new byte[1000].length == kept.size()) {
                throw new AssertionError("a heap for bytes alone");
            }
        }
    }

    /** {@return bytes until the heap is as full as it shall be, garbage aside} */
    private static long missing() {
        System.gc();
        Runtime runtime = Runtime.getRuntime();
        return runtime.maxMemory() / 100 * (100 - ROOM) - (runtime.totalMemory() - runtime.freeMemory());
    }

    private static Node nodes() {
        Node last = new Node(null);
        for (int i = 1; i < NODES; i++) {
            last = new Node(last);
        }
        return last;
    }
}
