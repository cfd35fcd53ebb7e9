package io.llamanode.term;

import com.ericsson.otp.erlang.OtpErlangDecodeException;
import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpInputStream;

/**
 * Decodes what {@link TermScanner} has passed, as JInterface does, but for maps, which become {@link TermMap}s: what a term
 * costs follows from its size alone.
 */
public final class TermReader {
    private static final int MAP = 116;

    private TermReader() {}

    /**
     * Decodes one term.
     *
     * @param buffer holds it, checked by {@link TermScanner}
     * @param from where its tag is
     * @param end where it may end at most, exclusive
     * @return the term
     * @throws OtpErlangDecodeException if it is malformed
     */
    public static OtpErlangObject read(byte[] buffer, int from, int end) throws OtpErlangDecodeException {
        return new Stream(buffer, from, end - from).read_any();
    }

    /** The elements of lists and tuples are read through this as well, so maps are found however deep they are. */
    private static final class Stream extends OtpInputStream {
        Stream(byte[] buffer, int from, int length) {
            super(buffer, from, length, 0);
        }

        @Override
        public OtpErlangObject read_any() throws OtpErlangDecodeException {
            if (peek1skip_version() != MAP) {
                return super.read_any();
            }
            int arity = read_map_head();
            OtpErlangObject[] keys = new OtpErlangObject[arity];
            OtpErlangObject[] values = new OtpErlangObject[arity];
            for (int i = 0; i < arity; i++) {
                keys[i] = read_any();
                values[i] = read_any();
            }
            return new TermMap(keys, values);
        }
    }
}
