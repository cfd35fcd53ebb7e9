package io.llamanode.term;

import com.ericsson.otp.erlang.OtpErlangAtom;
import com.ericsson.otp.erlang.OtpErlangBitstr;
import com.ericsson.otp.erlang.OtpErlangList;
import com.ericsson.otp.erlang.OtpErlangMap;
import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpErlangPid;
import com.ericsson.otp.erlang.OtpErlangRef;
import com.ericsson.otp.erlang.OtpErlangString;
import com.ericsson.otp.erlang.OtpErlangTuple;
import java.util.Map;

/** How many bytes a term takes when it is encoded, if only about: enough to tell large ones from small ones before. */
public final class TermSize {
    private static final int NUMBER = 9;
    private static final int HEAD = 5;
    /** Beside the name of its node. */
    private static final int PID = 15;

    private static final int REFERENCE = 21;

    private TermSize() {}

    /**
     * Measures a term.
     *
     * @param term any term
     * @return about its bytes
     */
    public static long of(OtpErlangObject term) {
        return switch (term) {
            case LateTerm late -> late.weight();
            case OtpErlangAtom atom -> 2L + atom.atomValue().length();
            case OtpErlangBitstr binary -> HEAD + (long) binary.size();
            case OtpErlangString text -> HEAD + (long) text.stringValue().length();
            case OtpErlangTuple tuple -> {
                long size = HEAD;
                for (int i = 0; i < tuple.arity(); i++) {
                    size += of(tuple.elementAt(i));
                }
                yield size;
            }
            case OtpErlangList list -> {
                OtpErlangObject tail = list.getLastTail();
                long size = tail == null ? HEAD + 1L : HEAD + of(tail);
                for (int i = 0; i < list.arity(); i++) {
                    size += of(list.elementAt(i));
                }
                yield size;
            }
            case OtpErlangMap map -> {
                long size = HEAD;
                for (Map.Entry<OtpErlangObject, OtpErlangObject> entry : map.entrySet()) {
                    size += of(entry.getKey()) + of(entry.getValue());
                }
                yield size;
            }
            case OtpErlangPid pid -> PID + (long) pid.node().length();
            case OtpErlangRef ref -> REFERENCE + (long) ref.node().length();
            default -> NUMBER;
        };
    }
}
