package io.llamanode.term;

import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpErlangTuple;
import com.ericsson.otp.erlang.OtpOutputStream;
import java.util.Arrays;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A term that is made when it is encoded, and forgotten again: whoever tells something is spared the making, and terms take
 * several times what they are made of. It can stand wherever a term is encoded, and nowhere else.
 *
 * <p>Never changes: for any thread.
 */
public final class LateTerm extends OtpErlangObject {
    /** Bytes from which on a term is made late whoever makes it. */
    public static final int LARGE = 64 << 10;

    private static final long serialVersionUID = 1L;

    private final transient Object source;
    private final transient Function<Object, ? extends OtpErlangObject> term;
    private final transient @Nullable Function<Throwable, ? extends OtpErlangObject> instead;
    private final long weight;

    private LateTerm(
            Object source,
            Function<Object, ? extends OtpErlangObject> term,
            @Nullable Function<Throwable, ? extends OtpErlangObject> instead,
            long weight) {
        this.source = source;
        this.term = term;
        this.instead = instead;
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
    public static <T> OtpErlangObject of(T source, Function<T, ? extends OtpErlangObject> term, long weight) {
        return weight < LARGE ? term.apply(source) : late(source, term, weight, null);
    }

    /**
     * Makes a term late, however small it is.
     *
     * @param <T> type of what it is made of
     * @param source what it is made of, which never changes; several terms may be made of one
     * @param term makes it, on the thread that encodes it
     * @param weight bytes of its encoding, if only about
     * @param instead makes what is encoded in its place if it cannot be made or encoded, of what was thrown; {@code null}: that
     *     is thrown on
     * @return what stands for it
     */
    @SuppressWarnings("unchecked")
    public static <T> LateTerm late(
            T source,
            Function<T, ? extends OtpErlangObject> term,
            long weight,
            @Nullable Function<Throwable, ? extends OtpErlangObject> instead) {
        return new LateTerm(source, (Function<Object, ? extends OtpErlangObject>) term, instead, weight);
    }

    /**
     * Finds out whether a message is to be made late.
     *
     * @param message any term
     * @return the late term that it is or holds within tuples; {@code null} if there is none
     */
    public static @Nullable LateTerm in(OtpErlangObject message) {
        if (message instanceof LateTerm late) {
            return late;
        }
        LateTerm found = null;
        if (message instanceof OtpErlangTuple tuple) {
            for (int i = 0; i < tuple.arity() && found == null; i++) {
                found = in(tuple.elementAt(i));
            }
        }
        return found;
    }

    /** {@return what it is made of; the same for all that are made of one} */
    public Object source() {
        return source;
    }

    /** {@return the term, made now} */
    public OtpErlangObject made() {
        return term.apply(source);
    }

    /** {@return bytes of its encoding, if only about} */
    public long weight() {
        return weight;
    }

    @Override
    public void encode(OtpOutputStream out) {
        int before = out.size();
        try {
            made().encode(out);
        } catch (RuntimeException | Error defect) {
            if (instead == null) {
                throw defect;
            }
            // Some of it may be there already.
            byte[] kept = Arrays.copyOf(out.toByteArray(), before);
            out.reset();
            out.write(kept, 0, before);
            instead.apply(defect).encode(out);
        }
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
