package io.llamanode.transport.mailbox;

import com.ericsson.otp.erlang.OtpErlangAtom;
import com.ericsson.otp.erlang.OtpErlangList;
import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpErlangPid;
import com.ericsson.otp.erlang.OtpErlangRef;
import org.jspecify.annotations.Nullable;

/**
 * Who waits for the answer to a call; {@code From} of {@code gen_server}.
 *
 * <p>Never changes: for any thread.
 *
 * @param pid the calling process
 * @param tag what the answer is marked with: a reference, or {@code [alias | Ref]}
 * @param length of both on the wire, bytes
 */
public record From(OtpErlangPid pid, OtpErlangObject tag, int length) {
    /** Bytes of the heap for one of the wire, which an empty list is. */
    private static final long WORST = 40;
    /** Of a tag as calls have them, two atoms and a reference. */
    private static final int USUAL = 256;

    /** {@return bytes that it takes on the heap, at most} */
    public long weight() {
        return length <= USUAL ? 2 * USUAL : WORST * length;
    }

    /** {@return the reference in {@code [alias | Ref]}, or {@code null}: an answer to it is dropped once nobody waits} */
    public @Nullable OtpErlangRef alias() {
        return tag instanceof OtpErlangList list
                        && list.arity() == 1
                        && list.elementAt(0) instanceof OtpErlangAtom atom
                        && atom.atomValue().equals("alias")
                        && list.getLastTail() instanceof OtpErlangRef ref
                ? ref
                : null;
    }
}
