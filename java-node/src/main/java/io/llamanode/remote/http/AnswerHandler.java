package io.llamanode.remote.http;

import io.llamanode.remote.answer.AnswerFault;
import java.nio.ByteBuffer;

/**
 * Hears of one exchange: its head, its bytes, then exactly one of {@link #ends} and {@link #failed}; nothing once it was closed.
 * Called by one thread at a time, which it must not keep.
 */
public interface AnswerHandler {
    /**
     * The answer begins.
     *
     * @param head of it
     * @throws AnswerFault if nothing more of it is wanted
     */
    void begins(Head head);

    /**
     * More of the answer.
     *
     * @param bytes all of them are to be read now
     * @throws AnswerFault if the answer can not be used; the connection is closed then
     */
    void bytes(ByteBuffer bytes);

    /** The answer is over. */
    void ends();

    /**
     * The answer does not come, or not to its end.
     *
     * @param trouble why
     */
    void failed(Trouble trouble);
}
