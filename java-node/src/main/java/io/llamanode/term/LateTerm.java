package io.llamanode.term;

import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpOutputStream;
import java.util.Objects;
import java.util.function.Supplier;

/**
 * A large term that is made when it is encoded, and forgotten again: terms take several times what they are made of. It can
 * stand wherever a term is encoded, and nowhere else.
 *
 * <p>Never changes: for any thread.
 */
public final class LateTerm extends OtpErlangObject {
    /** Bytes from which on a term is worth making late. */
    public static final int LARGE = 64 << 10;

    private static final long serialVersionUID = 1L;

    private final transient Supplier<? extends OtpErlangObject> term;
    private final long weight;

    private LateTerm(Supplier<? extends OtpErlangObject> term, long weight) {
        this.term = term;
        this.weight = weight;
    }

    /**
     * Makes a term at once if it is small, and late otherwise.
     *
     * @param term makes it, on the thread that encodes it
     * @param weight bytes of its encoding, if only about
     * @return the term, or what stands for it
     */
    public static OtpErlangObject of(Supplier<? extends OtpErlangObject> term, long weight) {
        return weight < LARGE ? term.get() : new LateTerm(term, weight);
    }

    /** {@return bytes of its encoding, if only about} */
    long weight() {
        return weight;
    }

    @Override
    public void encode(OtpOutputStream out) {
        term.get().encode(out);
    }

    @Override
    public String toString() {
        return "a term of about " + weight + " bytes";
    }

    @Override
    public boolean equals(Object other) {
        return this == other;
    }

    @Override
    protected int doHashCode() {
        return Objects.hashCode(term);
    }
}
