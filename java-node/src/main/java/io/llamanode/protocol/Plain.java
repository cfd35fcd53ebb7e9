package io.llamanode.protocol;

import com.ericsson.otp.erlang.OtpErlangAtom;
import com.ericsson.otp.erlang.OtpErlangBinary;
import com.ericsson.otp.erlang.OtpErlangDouble;
import com.ericsson.otp.erlang.OtpErlangList;
import com.ericsson.otp.erlang.OtpErlangLong;
import com.ericsson.otp.erlang.OtpErlangMap;
import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpErlangString;
import com.ericsson.otp.erlang.OtpErlangTuple;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Converts values of no particular type, such as template variables, to what a JSON document holds.
 * A list is a list here, never text, unless it is a non-empty list of {@code {Key, Value}} only,
 * which is a map.
 */
final class Plain {
    /** Larger integers would take seconds to print; JSON numbers are limited alike. */
    private static final int MAX_BITS = 3000;

    private Plain() {}

    /**
     * @param value anything
     * @return maps in order, lists, {@code String}, {@code Long}, {@code BigInteger}, {@code Double},
     *     {@code Boolean} and {@code null}
     */
    static @Nullable Object of(InputValue value) {
        if (value.isAbsent()) {
            return null;
        }
        return switch (Objects.requireNonNull(value.raw())) {
            case OtpErlangAtom atom when InputValue.isBoolean(atom) -> atom.booleanValue();
            case OtpErlangAtom atom -> atom.atomValue();
            case OtpErlangBinary binary -> value.utf8(binary);
            case OtpErlangLong number when number.isLong() -> number.longValue();
            case OtpErlangLong number when number.bitLength() <= MAX_BITS -> number.bigIntegerValue();
            case OtpErlangDouble number when Double.isFinite(number.doubleValue()) -> number.doubleValue();
            case OtpErlangMap map -> map(value);
            case OtpErlangList list when isProplist(list) -> map(value);
            case OtpErlangString string -> value.elements();
            case OtpErlangList list
            when list.isProper() -> {
                List<Object> plain = new ArrayList<>(list.arity());
                value.list().forEach(element -> plain.add(of(element)));
                yield Collections.unmodifiableList(plain);
            }
            case OtpErlangObject other -> throw value.mustBe("a map, list, text, number, boolean or null");
            // A JSON tree is plain already.
            default -> value.raw();
        };
    }

    /**
     * @param value a map, a proplist or an object
     * @return its entries, in order
     */
    static Map<String, Object> map(InputValue value) {
        Map<String, Object> plain = new LinkedHashMap<>();
        value.entries().forEach((name, entry) -> plain.put(name, of(entry)));
        return Collections.unmodifiableMap(plain);
    }

    private static boolean isProplist(OtpErlangList list) {
        if (list.arity() == 0 || !list.isProper()) {
            return false;
        }
        for (OtpErlangObject item : list) {
            if (!(item instanceof OtpErlangTuple tuple) || tuple.arity() != 2) {
                return false;
            }
        }
        return true;
    }
}
