package io.llamanode.node;

import com.sun.management.GarbageCollectionNotificationInfo;
import com.sun.management.GcInfo;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.lang.management.MemoryUsage;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import javax.management.Notification;
import javax.management.NotificationEmitter;
import javax.management.NotificationListener;
import javax.management.openmbean.CompositeData;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Watches the process's garbage collections, by what the virtual machine tells of each. Nothing of it runs between
 * collections. For any thread.
 */
final class CollectionWatch {
    private static final Logger LOG = LoggerFactory.getLogger(CollectionWatch.class);

    private CollectionWatch() {}

    /**
     * Starts to watch, once in a process.
     *
     * @param lastWords is called, by a thread of the watch's, when the process does little but collect. The process ends
     *     with {@link ExitStatus#HEAP} behind it, or after {@link ExhaustedHeap#GRACE}
     */
    static void start(Consumer<CollectionLimit.Overhead> lastWords) {
        ReferenceQueue<Object> collected = new ReferenceQueue<>();
        WeakReference<Object> first = new WeakReference<>(new Object(), collected);
        Thread.ofPlatform().daemon().name("collections").start(() -> {
            try {
                // The classes of java.management take long to load, compared with a start. Most starts have no
                // collection, and so load none of them.
                collected.remove();
                Reference.reachabilityFence(first);
                CollectionLimit.Overhead overhead = Notices.subscribe().take();
                try {
                    lastWords.accept(overhead);
                } finally {
                    halt();
                }
            } catch (InterruptedException | LinkageError e) {
                LOG.warn("nothing ends this process if it does little but collect garbage: {}", e.toString());
            }
        });
    }

    private static void halt() {
        Runtime.getRuntime().halt(ExitStatus.HEAP.number());
    }

    /** All that knows the classes of java.management. One thread of the virtual machine's tells it of all collections, in order. */
    private static final class Notices implements NotificationListener {
        /** What the virtual machine calls a collection of the whole heap for which all threads stand still. */
        private static final String WHOLE = "end of major GC";
        /** And what runs beside the threads. */
        private static final String CYCLE = "end of GC cycle";

        private final Set<String> pools = ManagementFactory.getMemoryPoolMXBeans().stream()
                .filter(pool -> pool.getType() == MemoryType.HEAP)
                .map(MemoryPoolMXBean::getName)
                .collect(Collectors.toUnmodifiableSet());
        private final CollectionLimit limit =
                new CollectionLimit(Runtime.getRuntime().maxMemory());
        private final BlockingQueue<CollectionLimit.Overhead> exceeded = new ArrayBlockingQueue<>(1);

        private Notices() {}

        /** {@return where the end comes} */
        static BlockingQueue<CollectionLimit.Overhead> subscribe() {
            Notices notices = new Notices();
            for (GarbageCollectorMXBean collector : ManagementFactory.getGarbageCollectorMXBeans()) {
                ((NotificationEmitter) collector).addNotificationListener(notices, null, null);
            }
            return notices.exceeded;
        }

        @Override
        public void handleNotification(Notification notification, @Nullable Object handback) {
            GarbageCollectionNotificationInfo notice =
                    GarbageCollectionNotificationInfo.from((CompositeData) notification.getUserData());
            if (notice.getGcAction().equals(CYCLE)) {
                return;
            }
            GcInfo collection = notice.getGcInfo();
            CollectionLimit.Overhead overhead = limit.add(new CollectionLimit.Collection(
                    collection.getStartTime(),
                    collection.getEndTime(),
                    notice.getGcAction().equals(WHOLE),
                    used(collection.getMemoryUsageAfterGc())));
            if (overhead != null && exceeded.offer(overhead)) {
                end();
            }
        }

        /** Nothing else of this process needs the thread that tells of its collections any more. */
        private static void end() {
            try {
                Thread.sleep(ExhaustedHeap.GRACE);
            } catch (InterruptedException e) {
                // Nobody has a reason to interrupt; end all the sooner.
            } finally {
                halt();
            }
        }

        private long used(Map<String, MemoryUsage> usage) {
            return usage.entrySet().stream()
                    .filter(pool -> pools.contains(pool.getKey()))
                    .mapToLong(pool -> pool.getValue().getUsed())
                    .sum();
        }
    }
}
