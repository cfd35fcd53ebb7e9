package io.llamanode.transport.mailbox;

import com.ericsson.otp.erlang.OtpErlangObject;
import io.llamanode.term.LateTerm;
import io.llamanode.term.TermSize;
import org.jspecify.annotations.Nullable;

/**
 * What a message counts for while it waits to be written.
 *
 * @param bytes of it once it is made, if only about
 * @param own bytes of the heap that it takes by itself until then
 * @param shared bytes of what it is made of, which other messages may be made of as well
 * @param source what that is; {@code null} if it is made, or made of little
 * @param large whether it is made and written alone, when its turn comes
 */
public record Load(
        long bytes, long own, long shared, @Nullable Object source, boolean large) {
    /** Bytes from which on what a message is made of counts once for all that are made of it. */
    private static final int SHARED = 512;

    /**
     * What stands for a message that is made later: its address, its places in queues, and what makes it. With an answer of
     * little it is less than what is charged for a call that waits.
     */
    private static final int LATE = 512;

    /**
     * A message that is made.
     *
     * @param bytes of it
     * @return what it counts for
     */
    public static Load made(long bytes) {
        return new Load(bytes, bytes, 0, null, false);
    }

    /**
     * A message that is made when it is written, because it holds a {@link LateTerm} or is large.
     *
     * @param head bytes of what is around it, such as what an answer is marked with
     * @param message what it says
     * @return what it counts for; {@code null} if it is neither, and so is made at once
     */
    public static @Nullable Load late(long head, OtpErlangObject message) {
        LateTerm late = LateTerm.in(message);
        long bytes = head + TermSize.of(message);
        boolean large = bytes >= LateTerm.LARGE;
        if (late == null && !large) {
            return null;
        }
        if (late == null || late.weight() >= SHARED) {
            Object source = late == null ? message : late.source();
            return new Load(bytes, LATE + head, bytes - head, source, large);
        }
        return new Load(bytes, LATE + bytes, 0, null, large);
    }
}
