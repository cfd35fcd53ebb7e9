package io.llamanode.term;

import com.ericsson.otp.erlang.OtpErlangAtom;
import com.ericsson.otp.erlang.OtpErlangDouble;
import com.ericsson.otp.erlang.OtpErlangLong;
import com.ericsson.otp.erlang.OtpErlangObject;
import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a JSON document holds, as terms: maps with binary keys, lists, binaries, numbers, booleans and {@code null}. */
public final class PlainTerms {
    private PlainTerms() {}

    /**
     * Makes a term of a JSON tree: keys and texts become binaries, {@code null} the atom.
     *
     * @param value maps, lists, strings, integers, finite floats, booleans and {@code null}
     * @return the same as a term
     * @throws IllegalArgumentException if the tree holds anything else
     */
    public static OtpErlangObject of(@Nullable Object value) {
        return switch (value) {
            case null -> Terms.atom("null");
            case String text -> Terms.text(text);
            case Boolean flag -> new OtpErlangAtom(flag);
            case Integer number -> new OtpErlangLong(number);
            case Long number -> new OtpErlangLong(number);
            case BigInteger number -> new OtpErlangLong(number);
            case Double number -> new OtpErlangDouble(number);
            case List<?> list -> Terms.list(list, PlainTerms::of);
            case Map<?, ?> map ->
                new TermMap(
                        map.keySet().stream().map(PlainTerms::of).toArray(OtpErlangObject[]::new),
                        map.values().stream().map(PlainTerms::of).toArray(OtpErlangObject[]::new));
            default -> throw new IllegalArgumentException("no JSON value: " + value.getClass());
        };
    }
}
