package io.llamanode.term;

import com.ericsson.otp.erlang.OtpErlangAtom;
import com.ericsson.otp.erlang.OtpOutputStream;

/** An atom that is told again and again, encoded once:. */
final class KnownAtom extends OtpErlangAtom {
    private static final long serialVersionUID = 1L;

    private final byte[] encoded;

    KnownAtom(String name) {
        super(name);
        OtpOutputStream out = new OtpOutputStream();
        out.write_atom(name);
        encoded = out.toByteArray();
    }

    @Override
    public void encode(OtpOutputStream out) {
        out.write(encoded);
    }

    // Equal to every atom of its name.
    @Override
    public boolean equals(Object other) {
        return super.equals(other);
    }

    @Override
    public int hashCode() {
        return super.hashCode();
    }
}
