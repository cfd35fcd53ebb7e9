package io.llamanode.llama.context;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.llamanode.llama.ContextParams;
import io.llamanode.llama.functions.BatchStruct;
import io.llamanode.llama.memory.NativeHandle;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Input of a decode call ({@code llama_batch}): its arrays live in native memory, are made once and written in place.
 * For use by one thread at a time.
 */
public final class LlamaBatch implements AutoCloseable {

    private static final long POINTER = ADDRESS.byteSize();

    private final int capacity;
    private final int nSeqMaxPerToken;
    private final NativeHandle handle;
    private final MemorySegment struct;
    private final MemorySegment tokens;
    private final MemorySegment positions;
    private final MemorySegment nSeqIds;
    private final MemorySegment seqIds;
    private final MemorySegment logits;
    private int size;
    private int maxToken = -1;
    private int maxPosition = -1;
    private int maxSeqId = -1;
    private int maxSeqIdsPerToken;
    private int outputs;

    /**
     * Makes an empty batch.
     *
     * @param capacity most tokens, from 1 to 2^20
     * @param nSeqMaxPerToken most sequences of one token, from 1 to 64
     * @throws IllegalArgumentException out of these ranges
     */
    @SuppressWarnings("MustBeClosedChecker") // the handle closes the arena
    public LlamaBatch(int capacity, int nSeqMaxPerToken) {
        if (capacity < 1 || capacity > 1 << 20) {
            throw new IllegalArgumentException("capacity is " + capacity);
        }
        if (nSeqMaxPerToken < 1 || nSeqMaxPerToken > ContextParams.MAX_SEQUENCES) {
            throw new IllegalArgumentException("nSeqMaxPerToken is " + nSeqMaxPerToken);
        }
        Arena arena = Arena.ofShared();
        this.capacity = capacity;
        this.nSeqMaxPerToken = nSeqMaxPerToken;
        this.struct = arena.allocate(BatchStruct.LAYOUT);
        this.tokens = arena.allocate(JAVA_INT, capacity);
        this.positions = arena.allocate(JAVA_INT, capacity);
        this.nSeqIds = arena.allocate(JAVA_INT, capacity);
        this.seqIds = arena.allocate(JAVA_INT, (long) capacity * nSeqMaxPerToken);
        this.logits = arena.allocate(JAVA_BYTE, capacity);
        MemorySegment seqIdPointers = arena.allocate(ADDRESS, capacity);
        for (int i = 0; i < capacity; i++) {
            seqIdPointers.setAtIndex(ADDRESS, i, seqIds.asSlice(seqIdOffset(i, 0)));
        }
        struct.set(ADDRESS, POINTER, tokens);
        struct.set(ADDRESS, 3 * POINTER, positions);
        struct.set(ADDRESS, 4 * POINTER, nSeqIds);
        struct.set(ADDRESS, 5 * POINTER, seqIdPointers);
        struct.set(ADDRESS, 6 * POINTER, logits);
        this.handle = new NativeHandle("The batch", struct, arena::close);
    }

    /**
     * Makes an empty batch whose tokens belong to one sequence each.
     *
     * @param capacity most tokens
     */
    public LlamaBatch(int capacity) {
        this(capacity, 1);
    }

    private long seqIdOffset(int index, int n) {
        return ((long) index * nSeqMaxPerToken + n) * JAVA_INT.byteSize();
    }

    /** Removes all tokens. */
    public void clear() {
        size = 0;
        maxToken = -1;
        maxPosition = -1;
        maxSeqId = -1;
        maxSeqIdsPerToken = 0;
        outputs = 0;
    }

    /**
     * Adds a token.
     *
     * @param token its id
     * @param position its position in the sequence, from 0
     * @param seqId the sequence, from 0
     * @param output whether its logits or embedding are wanted
     * @return its index in the batch, by which they are fetched
     * @throws IllegalArgumentException when a number is negative
     * @throws IllegalStateException when the batch is full or closed
     */
    public int add(int token, int position, int seqId, boolean output) {
        int index = reserve(token, position);
        seqId(index, 0, seqId);
        return finish(index, token, position, 1, output);
    }

    /**
     * Adds a token that belongs to several sequences.
     *
     * @param token its id
     * @param position its position in each of them, from 0
     * @param sequences 1 to {@code nSeqMaxPerToken} sequences
     * @param output whether its logits or embedding are wanted
     * @return its index in the batch
     * @throws IllegalArgumentException when a number is negative or the number of sequences is out of range
     * @throws IllegalStateException when the batch is full or closed
     */
    public int add(int token, int position, int[] sequences, boolean output) {
        if (sequences.length < 1 || sequences.length > nSeqMaxPerToken) {
            throw new IllegalArgumentException(
                    sequences.length + " sequences for a token; this batch takes 1 to " + nSeqMaxPerToken);
        }
        int index = reserve(token, position);
        for (int i = 0; i < sequences.length; i++) {
            seqId(index, i, sequences[i]);
        }
        return finish(index, token, position, sequences.length, output);
    }

    private int reserve(int token, int position) {
        if (handle.isClosed()) {
            throw new IllegalStateException("The batch is closed");
        }
        if (size == capacity) {
            throw new IllegalStateException("The batch is full: it has " + capacity + " tokens");
        }
        if (token < 0) {
            throw new IllegalArgumentException("token is " + token);
        }
        if (position < 0) {
            throw new IllegalArgumentException("position is " + position);
        }
        return size;
    }

    private void seqId(int index, int n, int seqId) {
        if (seqId < 0) {
            throw new IllegalArgumentException("seqId is " + seqId);
        }
        seqIds.set(JAVA_INT, seqIdOffset(index, n), seqId);
        maxSeqId = Math.max(maxSeqId, seqId);
    }

    private int finish(int index, int token, int position, int sequences, boolean output) {
        tokens.setAtIndex(JAVA_INT, index, token);
        positions.setAtIndex(JAVA_INT, index, position);
        nSeqIds.setAtIndex(JAVA_INT, index, sequences);
        maxSeqIdsPerToken = Math.max(maxSeqIdsPerToken, sequences);
        logits.set(JAVA_BYTE, index, (byte) (output ? 1 : 0));
        maxToken = Math.max(maxToken, token);
        maxPosition = Math.max(maxPosition, position);
        outputs += output ? 1 : 0;
        size = index + 1;
        return index;
    }

    /** {@return the number of tokens} */
    public int size() {
        return size;
    }

    /** {@return the most tokens} */
    public int capacity() {
        return capacity;
    }

    /** {@return the number of tokens whose output is wanted} */
    public int outputs() {
        return outputs;
    }

    /** {@return whether {@link #close} was called} */
    public boolean isClosed() {
        return handle.isClosed();
    }

    /** Frees the batch; does nothing when it is closed already. */
    @Override
    public void close() {
        handle.close();
    }

    MemorySegment acquire() {
        MemorySegment acquired = handle.acquire();
        acquired.set(JAVA_INT, 0, size);
        return acquired;
    }

    void release() {
        handle.release();
    }

    int maxToken() {
        return maxToken;
    }

    int maxPosition() {
        return maxPosition;
    }

    int maxSeqIdsPerToken() {
        return maxSeqIdsPerToken;
    }

    int maxSeqId() {
        return maxSeqId;
    }

    boolean isOutput(int index) {
        return logits.get(JAVA_BYTE, index) != 0;
    }
}
