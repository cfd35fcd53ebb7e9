package io.llamanode.term;

import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpErlangTuple;
import com.ericsson.otp.erlang.OtpOutputStream;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

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

    private final transient Object source;
    private final transient Function<Object, ? extends OtpErlangObject> term;
    private final long weight;

    private LateTerm(Object source, Function<Object, ? extends OtpErlangObject> term, long weight) {
        this.source = source;
        this.term = term;
        this.weight = weight;
    }

    /**
     * Makes a term at once if it is small, and late otherwise.
     *
     * @param <T> type of what it is made of
     * @param source what it is made of, which never changes; several terms may be made of one
     * @param term makes it, on the thread that encodes it
     * @param weight bytes of its encoding, if only about
     * @return the term, or what stands for it
     */
    @SuppressWarnings("unchecked")
    public static <T> OtpErlangObject of(T source, Function<T, ? extends OtpErlangObject> term, long weight) {
        return weight < LARGE
                ? term.apply(source)
                : new LateTerm(source, (Function<Object, ? extends OtpErlangObject>) term, weight);
    }

    /**
     * Finds what a message is made of.
     *
     * @param message any term
     * @return the source of a late term that it is or holds within tuples; {@code null} if there is none
     */
    public static @Nullable Object source(OtpErlangObject message) {
        if (message instanceof LateTerm late) {
            return late.source;
        }
        Object found = null;
        if (message instanceof OtpErlangTuple tuple) {
            for (int i = 0; i < tuple.arity() && found == null; i++) {
                found = source(tuple.elementAt(i));
            }
        }
        return found;
    }

    /** {@return bytes of its encoding, if only about} */
    long weight() {
        return weight;
    }

    @Override
    public void encode(OtpOutputStream out) {
        term.apply(source).encode(out);
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
        return System.identityHashCode(this);
    }
}
