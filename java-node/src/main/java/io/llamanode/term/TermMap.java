package io.llamanode.term;

import com.ericsson.otp.erlang.OtpErlangMap;
import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpOutputStream;
import java.util.AbstractSet;
import java.util.Iterator;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A map as the pairs it came in. JInterface's own keeps them in a hash table, and whoever chooses keys that share a hash
 * makes that take time by the square of their number.
 *
 * <p>Never changes: for any thread.
 */
public final class TermMap extends OtpErlangMap {
    private static final long serialVersionUID = 1L;

    private final transient OtpErlangObject[] keys;
    private final transient OtpErlangObject[] values;

    /**
     * A map of these pairs.
     *
     * @param keys one for each value; that no two are the same is not looked at
     * @param values one for each key
     * @throws IllegalArgumentException if there are not as many of the ones as of the others
     */
    public TermMap(OtpErlangObject[] keys, OtpErlangObject[] values) {
        if (keys.length != values.length) {
            throw new IllegalArgumentException("%d keys for %d values".formatted(keys.length, values.length));
        }
        this.keys = keys.clone();
        this.values = values.clone();
    }

    @Override
    public int arity() {
        return keys.length;
    }

    @Override
    public OtpErlangObject[] keys() {
        return keys.clone();
    }

    @Override
    public OtpErlangObject[] values() {
        return values.clone();
    }

    /** {@return the value of a key, which is looked for one by one, or {@code null}} */
    @Override
    public @Nullable OtpErlangObject get(OtpErlangObject key) {
        for (int i = 0; i < keys.length; i++) {
            if (keys[i].equals(key)) {
                return values[i];
            }
        }
        return null;
    }

    /** @throws UnsupportedOperationException always */
    @Override
    public OtpErlangObject put(OtpErlangObject key, OtpErlangObject value) {
        throw new UnsupportedOperationException("a term that was received does not change");
    }

    /** @throws UnsupportedOperationException always */
    @Override
    public OtpErlangObject remove(OtpErlangObject key) {
        throw new UnsupportedOperationException("a term that was received does not change");
    }

    /** {@return the pairs, in their order; to be gone through, not to be searched} */
    @Override
    public Set<Map.Entry<OtpErlangObject, OtpErlangObject>> entrySet() {
        return new AbstractSet<>() {
            @Override
            public Iterator<Map.Entry<OtpErlangObject, OtpErlangObject>> iterator() {
                return IntStream.range(0, keys.length)
                        .mapToObj(i -> Map.entry(keys[i], values[i]))
                        .iterator();
            }

            @Override
            public int size() {
                return keys.length;
            }
        };
    }

    @Override
    public void encode(OtpOutputStream out) {
        out.write_map_head(keys.length);
        for (int i = 0; i < keys.length; i++) {
            out.write_any(keys[i]);
            out.write_any(values[i]);
        }
    }

    @Override
    public String toString() {
        StringBuilder shown = new StringBuilder("#{");
        for (int i = 0; i < keys.length; i++) {
            shown.append(i == 0 ? "" : ",").append(keys[i]).append(" => ").append(values[i]);
        }
        return shown.append('}').toString();
    }

    /** {@return whether the other is a map of the same pairs, in any order} */
    @Override
    public boolean equals(Object other) {
        if (!(other instanceof OtpErlangMap map) || map.arity() != keys.length) {
            return false;
        }
        return IntStream.range(0, keys.length).allMatch(i -> Objects.equals(values[i], map.get(keys[i])));
    }

    /** {@return what JInterface's map of the same pairs has, as the two are equal} */
    @Override
    protected int doHashCode() {
        return new OtpErlangMap(keys, values).hashCode();
    }
}
