package io.llamanode.service.contract;

import java.util.Locale;

/**
 * The codes of {@code {error, {Code, Message}}}; the table is in docs/protocol.md, section 6.
 *
 * <p>Never changes: for any thread.
 */
public enum ErrorCode {
    /** Malformed, unknown or out-of-range input. */
    INVALID_ARGUMENT(1),
    /** The memory pre-check or an allocation refused; nothing was loaded. */
    OUT_OF_MEMORY(2),
    /** The model file is missing, truncated, not GGUF or of an unsupported architecture. */
    MODEL_LOAD_FAILED(3),
    /** A decode call failed; the session stays usable. */
    INFERENCE_FAILED(4),
    /** No such session in this incarnation of the node. */
    SESSION_NOT_FOUND(5),
    /** A limit was reached, the node is draining, or a consumer does not read. */
    SERVER_BUSY(6),
    /** The caller's or the task's deadline passed. */
    TIMEOUT(7),
    /** No such task: never existed, expired or collected. */
    TASK_NOT_FOUND(8),
    /** Cancelled by request, owner death or session close. */
    CANCELLED(9),
    /** This engine or model cannot do it. */
    UNSUPPORTED(10),
    /** The peer may not do this. */
    UNAUTHORIZED(11),
    /** Made by the BEAM side only: the node is gone. */
    NODE_DOWN(12),
    /** Made by the BEAM side only: the launcher found no Java, or none that is new enough. */
    JAVA_NOT_FOUND(13),
    /** The node ended before it was ready; the message has its last words. */
    START_FAILED(14),
    /** A bug; the message carries an id found in the log. */
    UNKNOWN(99);

    private final int number;
    private final String wireName = name().toLowerCase(Locale.ROOT);

    ErrorCode(int number) {
        this.number = number;
    }

    /** {@return the stable number of this code} */
    public int number() {
        return number;
    }

    /** {@return the atom that stands for this code on the wire} */
    public String wireName() {
        return wireName;
    }
}
