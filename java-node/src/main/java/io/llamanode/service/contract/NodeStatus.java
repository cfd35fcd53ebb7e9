package io.llamanode.service.contract;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The state of a node at one moment; the shape on the wire is in docs/protocol.md, section 5.
 *
 * <p>Never changes: for any thread.
 *
 * @param state starting, ready or draining
 * @param version of llama_node
 * @param uptimeMs since the service started
 * @param library the native library in use
 * @param sessions open
 * @param tasksWaiting without a slot
 * @param tasksRunning on a slot
 * @param resultsKept finished and not collected
 * @param models loaded, in order of loading
 * @param counters since the start
 * @param memory of the operating-system process
 * @param account of what requests hold on the heap
 */
public record NodeStatus(
        State state,
        String version,
        long uptimeMs,
        Library library,
        int sessions,
        int tasksWaiting,
        int tasksRunning,
        int resultsKept,
        List<Model> models,
        Counters counters,
        Memory memory,
        Account account) {

    /** Life of a node. */
    public enum State {
        /** Models are being loaded. */
        STARTING,
        /** Requests are served. */
        READY,
        /** No new work is taken. */
        DRAINING
    }

    /**
     * The native library that the node runs with.
     *
     * @param name of the native library
     * @param version of llama.cpp
     * @param build CPU features and the like, as the library reports them
     * @param path its file, or {@code null} for the one in the jar
     * @param why this one is used, for a sentence; empty where nobody chose
     */
    public record Library(
            String name,
            String version,
            String build,
            @Nullable String path,
            String why) {
        /** Of a node that has loaded none, since servers run its models. */
        public static final Library NONE = new Library("none", "", "");

        /**
         * A library that nobody chose.
         *
         * @param name of the native library
         * @param version of llama.cpp
         * @param build CPU features and the like
         */
        public Library(String name, String version, String build) {
            this(name, version, build, null, "");
        }

        /** {@return name, version, place and reason, for a sentence} */
        public String inWords() {
            if (equals(NONE)) {
                return "no native library";
            }
            return name + " " + version + " from " + (path == null ? "the jar" : path)
                    + (why.isEmpty() ? "" : " (" + why + ")");
        }
    }

    /**
     * A loaded model.
     *
     * @param id in requests
     * @param path of the file
     * @param architecture {@code general.architecture}
     * @param description as llama.cpp words it
     * @param nParams weights
     * @param sizeBytes of all tensors
     * @param nCtx tokens of context of each slot
     * @param nCtxTrain tokens the model was trained for
     * @param nVocab tokens of the vocabulary
     * @param nParallel slots
     * @param maxQueue tasks that may wait
     * @param queued tasks that wait
     * @param slots every slot
     * @param cache its KV cache as a whole; {@code null} where a server has it
     * @param settings what is in force, by the keys of docs/protocol.md
     * @param server that runs it, as it told of itself; {@code null}: this process does
     */
    public record Model(
            String id,
            String path,
            String architecture,
            String description,
            long nParams,
            long sizeBytes,
            int nCtx,
            int nCtxTrain,
            int nVocab,
            int nParallel,
            int maxQueue,
            int queued,
            List<Slot> slots,
            @Nullable Cache cache,
            Map<String, Setting> settings,
            @Nullable ServerReport server) {}

    /**
     * The KV cache of a model.
     *
     * @param cells tokens that all slots can hold together
     * @param usedCells of them that hold one
     * @param bytes of all, about
     * @param usedBytes of those in use, about
     */
    public record Cache(long cells, long usedCells, long bytes, long usedBytes) {}

    /** What a slot does. */
    public enum SlotState {
        /** Nothing; it may still hold a session's cache. */
        IDLE,
        /** Evaluates a prompt. */
        PREFILL,
        /** Generates. */
        DECODE
    }

    /**
     * One slot of a model: the place of a sequence in its KV cache.
     *
     * @param id from 0
     * @param state what it does
     * @param sessionId whose cache it holds, or {@code null}
     * @param taskId what it runs, or {@code null}
     * @param cachedTokens tokens in its KV cache
     * @param nCtx tokens it can hold
     */
    public record Slot(
            int id,
            SlotState state,
            @Nullable Long sessionId,
            @Nullable Long taskId,
            int cachedTokens,
            int nCtx) {}

    /**
     * Tasks are counted since the node started, everything else for the models that are loaded now. Times are
     * milliseconds.
     *
     * @param tasksCreated accepted
     * @param tasksDone finished with a result
     * @param tasksFailed finished with an error other than {@code cancelled}
     * @param tasksCancelled finished with {@code cancelled}
     * @param promptTokens evaluated or cached
     * @param cachedTokens not evaluated again
     * @param completionTokens sampled
     * @param decodeCalls calls of {@code llama_decode}
     * @param scheduleMs time of the loop threads in commands, admission and plans
     * @param decodeMs in decode calls
     * @param sampleMs in samplers
     * @param outputMs in text, events and their queues
     * @param contextShifts contexts that dropped their older half
     */
    public record Counters(
            long tasksCreated,
            long tasksDone,
            long tasksFailed,
            long tasksCancelled,
            long promptTokens,
            long cachedTokens,
            long completionTokens,
            long decodeCalls,
            long scheduleMs,
            long decodeMs,
            long sampleMs,
            long outputMs,
            long contextShifts) {}

    /**
     * Memory of the process, in bytes.
     *
     * @param rssBytes resident size of the process
     * @param heapUsedBytes Java heap in use
     * @param heapMaxBytes Java heap limit
     */
    public record Memory(long rssBytes, long heapUsedBytes, long heapMaxBytes) {}

    /**
     * What requests hold on the Java heap, in bytes.
     *
     * @param capacityBytes that may be held
     * @param heldBytes that are
     * @param heapGrowthBytes by which the heap has really grown since nothing was held, or {@code null} if nobody looks
     * @param held bytes by what holds them: {@code call}, {@code session}, {@code task}, {@code stream}, {@code result},
     *     {@code transport}
     * @param refused how often something was refused since the start, by what it was for
     * @param largest those who hold most, the greatest first
     */
    public record Account(
            long capacityBytes,
            long heldBytes,
            @Nullable Long heapGrowthBytes,
            Map<String, Long> held,
            Map<String, Long> refused,
            List<Holder> largest) {}

    /**
     * A process that holds memory.
     *
     * @param owner the process, as a log line shows it
     * @param bytes that it holds
     */
    public record Holder(String owner, long bytes) {}
}
