package io.llamanode.term;

import com.ericsson.otp.erlang.OtpErlangAtom;
import com.ericsson.otp.erlang.OtpErlangBinary;
import com.ericsson.otp.erlang.OtpErlangDouble;
import com.ericsson.otp.erlang.OtpErlangList;
import com.ericsson.otp.erlang.OtpErlangLong;
import com.ericsson.otp.erlang.OtpErlangMap;
import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpErlangTuple;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Builds terms in the conventions of the protocol. */
public final class Terms {
    /** Keys and enumerations are few and come from this code only, so they are made once. */
    private static final Map<String, OtpErlangAtom> ATOMS = new ConcurrentHashMap<>();

    private Terms() {}

    /** {@return one of the protocol's own atoms} */
    public static OtpErlangAtom atom(String name) {
        return ATOMS.computeIfAbsent(name, OtpErlangAtom::new);
    }

    public static OtpErlangAtom atom(Enum<?> constant) {
        return atom(constant.name().toLowerCase(Locale.ROOT));
    }

    public static OtpErlangBinary text(String text) {
        return new OtpErlangBinary(text.getBytes(StandardCharsets.UTF_8));
    }

    public static OtpErlangLong unsigned(long number) {
        return number >= 0
                ? new OtpErlangLong(number)
                : new OtpErlangLong(new BigInteger(Long.toUnsignedString(number)));
    }

    public static OtpErlangTuple tuple(OtpErlangObject... elements) {
        return new OtpErlangTuple(elements);
    }

    public static <T> OtpErlangList list(List<T> items, Function<T, OtpErlangObject> encode) {
        return new OtpErlangList(items.stream().map(encode).toArray(OtpErlangObject[]::new));
    }

    public static MapBuilder map() {
        return new MapBuilder();
    }

    /** A map with atom keys; what is {@code null} is left out. */
    public static final class MapBuilder {
        private final Map<OtpErlangObject, OtpErlangObject> entries = new LinkedHashMap<>();

        private MapBuilder() {}

        public MapBuilder put(String key, @Nullable OtpErlangObject value) {
            if (value != null) {
                entries.put(atom(key), value);
            }
            return this;
        }

        public MapBuilder put(String key, @Nullable String text) {
            return put(key, text == null ? null : Terms.text(text));
        }

        public MapBuilder put(String key, long number) {
            return put(key, new OtpErlangLong(number));
        }

        public MapBuilder put(String key, @Nullable Long number) {
            return put(key, number == null ? null : new OtpErlangLong(number));
        }

        public MapBuilder put(String key, @Nullable Integer number) {
            return put(key, number == null ? null : new OtpErlangLong(number));
        }

        public MapBuilder put(String key, double number) {
            return put(key, new OtpErlangDouble(number));
        }

        public OtpErlangMap build() {
            return new OtpErlangMap(
                    entries.keySet().toArray(OtpErlangObject[]::new),
                    entries.values().toArray(OtpErlangObject[]::new));
        }
    }
}
