package io.llamanode.transport;

import com.ericsson.otp.erlang.OtpErlangAtom;
import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpErlangPid;
import com.ericsson.otp.erlang.OtpErlangRef;
import com.ericsson.otp.erlang.OtpErlangTuple;
import com.ericsson.otp.erlang.OtpOutputStream;

/** Terms of a calling process, and their external form. */
public final class TestTerms {
    /** A process of another node. */
    public static final OtpErlangPid CALLER = new OtpErlangPid("b@localhost", 5, 0, 7);
    /** What marks the answer to a call of {@link #CALLER}. */
    public static final OtpErlangRef TAG = new OtpErlangRef(90, "b@localhost", new int[] {1, 2, 3}, 7);
    /** As old runtimes write floats: the scanner takes it, the decoder does not. */
    private static final byte[] UNDECODABLE = new byte[32];

    static {
        UNDECODABLE[0] = 99;
    }

    private TestTerms() {}

    /** {@return a term that is well formed, but cannot be decoded} */
    public static byte[] undecodable() {
        return UNDECODABLE.clone();
    }

    public static OtpErlangAtom atom(String name) {
        return new OtpErlangAtom(name);
    }

    public static OtpErlangTuple tuple(OtpErlangObject... elements) {
        return new OtpErlangTuple(elements);
    }

    /** {@return the external form, the version byte first} */
    public static byte[] external(OtpErlangObject term) {
        OtpOutputStream out = new OtpOutputStream();
        out.write1(131);
        out.write_any(term);
        return out.toByteArray();
    }

    /** {@return a call of {@link #CALLER}} */
    public static byte[] call(OtpErlangObject request) {
        return external(tuple(atom("$gen_call"), tuple(CALLER, TAG), request));
    }

    /** {@return a call whose request is these bytes} */
    public static byte[] call(byte[] request) {
        OtpOutputStream out = new OtpOutputStream();
        out.write1(131);
        out.write_tuple_head(3);
        out.write_any(atom("$gen_call"));
        out.write_any(tuple(CALLER, TAG));
        out.writeN(request);
        return out.toByteArray();
    }

    /** {@return a cast of these bytes} */
    public static byte[] cast(byte[] request) {
        OtpOutputStream out = new OtpOutputStream();
        out.write1(131);
        out.write_tuple_head(2);
        out.write_any(atom("$gen_cast"));
        out.writeN(request);
        return out.toByteArray();
    }
}
