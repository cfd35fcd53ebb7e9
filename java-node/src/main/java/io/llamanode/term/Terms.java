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

    private static final Map<Enum<?>, OtpErlangAtom> CONSTANTS = new ConcurrentHashMap<>();

    private Terms() {}

    /**
     * {@return one of the protocol's own atoms}
     *
     * @param name from this code, never from a peer: each name is kept for ever
     */
    public static OtpErlangAtom atom(String name) {
        OtpErlangAtom known = ATOMS.get(name);
        return known != null ? known : ATOMS.computeIfAbsent(name, KnownAtom::new);
    }

    /**
     * {@return the constant's name in small letters, which is how the protocol spells enumerations}
     *
     * @param constant one that is told under its own name
     */
    public static OtpErlangAtom atom(Enum<?> constant) {
        OtpErlangAtom known = CONSTANTS.get(constant);
        return known != null
                ? known
                : CONSTANTS.computeIfAbsent(constant, named -> atom(named.name().toLowerCase(Locale.ROOT)));
    }

    /**
     * {@return a binary with the text in UTF-8}
     *
     * @param text in which a surrogate without its other half becomes a question mark
     */
    public static OtpErlangBinary text(String text) {
        return new OtpErlangBinary(text.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * {@return the number as Erlang's integers have it, which know no sign bit}
     *
     * @param number 64 bits without a sign
     */
    public static OtpErlangLong unsigned(long number) {
        return number >= 0
                ? new OtpErlangLong(number)
                : new OtpErlangLong(new BigInteger(Long.toUnsignedString(number)));
    }

    /**
     * {@return a tuple}
     *
     * @param elements in order; none is {@code null}
     */
    public static OtpErlangTuple tuple(OtpErlangObject... elements) {
        return new OtpErlangTuple(elements);
    }

    /**
     * {@return a proper list of the encoded items, in order}
     *
     * @param <T> what is encoded
     * @param items what the list is to hold
     * @param encode makes the term of an item
     */
    public static <T> OtpErlangList list(List<T> items, Function<T, OtpErlangObject> encode) {
        return new OtpErlangList(items.stream().map(encode).toArray(OtpErlangObject[]::new));
    }

    /** {@return a map without entries yet} */
    public static MapBuilder map() {
        return new MapBuilder();
    }

    /** A map with atom keys; what is {@code null} is left out. */
    public static final class MapBuilder {
        private final OtpErlangMap entries = new OtpErlangMap();

        private MapBuilder() {}

        /**
         * Adds an entry.
         *
         * @param key name of the atom
         * @param value a term, or {@code null} to leave the entry out
         * @return this
         */
        public MapBuilder put(String key, @Nullable OtpErlangObject value) {
            if (value != null) {
                entries.put(atom(key), value);
            }
            return this;
        }

        /**
         * Adds a text as a binary in UTF-8.
         *
         * @param key name of the atom
         * @param text the value, or {@code null} to leave the entry out
         * @return this
         */
        public MapBuilder put(String key, @Nullable String text) {
            return put(key, text == null ? null : Terms.text(text));
        }

        /**
         * Adds an integer with its sign.
         *
         * @param key name of the atom
         * @param number the value
         * @return this
         */
        public MapBuilder put(String key, long number) {
            return put(key, new OtpErlangLong(number));
        }

        /**
         * Adds an integer that there may not be.
         *
         * @param key name of the atom
         * @param number the value, or {@code null} to leave the entry out
         * @return this
         */
        public MapBuilder put(String key, @Nullable Long number) {
            return put(key, number == null ? null : new OtpErlangLong(number));
        }

        /**
         * Adds an integer that there may not be.
         *
         * @param key name of the atom
         * @param number the value, or {@code null} to leave the entry out
         * @return this
         */
        public MapBuilder put(String key, @Nullable Integer number) {
            return put(key, number == null ? null : new OtpErlangLong(number));
        }

        /**
         * Adds a float, even where it is integral.
         *
         * @param key name of the atom
         * @param number the value, finite: Erlang knows neither infinity nor NaN
         * @return this
         */
        public MapBuilder put(String key, double number) {
            return put(key, new OtpErlangDouble(number));
        }

        /**
         * Adds a number, or nothing if there is none.
         *
         * @param key an atom
         * @param number {@code null}: nothing is added
         * @return this
         */
        public MapBuilder put(String key, @Nullable Double number) {
            return put(key, number == null ? null : new OtpErlangDouble(number));
        }

        /** {@return the map of the entries; nothing is added any more} */
        public OtpErlangMap build() {
            return entries;
        }
    }
}
