package io.llamanode.protocol;

import io.llamanode.service.contract.FailureException;
import io.llamanode.term.Shown;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The entries of a map. Each key that is asked for becomes a known one; {@link #end} then refuses
 * the entries that nobody asked for. {@code null} results mean "not given".
 */
public final class Fields {
    /** The longest time that Erlang's timers know, in milliseconds. */
    static final long MAX_MS = 0xffff_ffffL;

    private final Map<String, InputValue> entries;
    private final Set<String> known = new LinkedHashSet<>();
    private @Nullable String missing;
    private final InputValue whole;

    /**
     * Looks at the entries of one value, none of which is known yet.
     *
     * @param value a map, a proplist or an object
     * @throws FailureException {@code invalid_argument} if it is none of these, or a key stands in it twice
     */
    public Fields(InputValue value) {
        this.entries = value.entries();
        this.whole = value;
    }

    /**
     * {@return the value of a key, or {@code null} if it is not given, or given as {@code undefined}, {@code nil} or
     * {@code null}}
     *
     * @param key name, as the caller writes it; known from now on
     */
    public @Nullable InputValue get(String key) {
        known.add(key);
        InputValue value = entries.get(key);
        return value == null || value.isAbsent() ? null : value;
    }

    /** {@return the value of a key that has two names} */
    @Nullable
    InputValue either(String name, String alias) {
        InputValue first = get(name);
        InputValue second = get(alias);
        if (first != null && second != null) {
            throw FailureException.invalid(name + " and " + alias + " are the same; give only one");
        }
        return first != null ? first : second;
    }

    /**
     * Asks for a key without which the rest is not worth reading.
     *
     * @param key a key that must be given
     * @param others the keys that may stand beside it and have not been asked for yet: a key that is none of these is
     *     told rather than the missing one, for it may be that one, mistyped
     * @return its value
     * @throws FailureException {@code invalid_argument} naming the key
     */
    public InputValue require(String key, String... others) {
        InputValue value = wanted(key);
        if (value == null) {
            known.addAll(Arrays.asList(others));
            end();
        }
        return Objects.requireNonNull(value);
    }

    /**
     * {@return the value of a key that must be given, to be used once {@link #end} has seen that it is}
     *
     * @param key name, as the caller writes it; known from now on
     */
    public @Nullable InputValue wanted(String key) {
        InputValue value = get(key);
        if (value == null && missing == null) {
            missing = whole.field(key, null).path();
        }
        return value;
    }

    @Nullable
    String text(String key) {
        InputValue value = get(key);
        return value == null ? null : value.text();
    }

    /**
     * {@return the text of a key, or {@code null} if it is not given}
     *
     * @param key name of it
     * @throws FailureException {@code invalid_argument} if it is no text, or an empty one
     */
    public @Nullable String nonEmptyText(String key) {
        InputValue value = get(key);
        return value == null ? null : value.nonEmptyText();
    }

    /**
     * {@return the boolean of a key, or {@code null} if it is not given}
     *
     * @param key name of it
     * @throws FailureException {@code invalid_argument} if it is no boolean
     */
    public @Nullable Boolean flag(String key) {
        InputValue value = get(key);
        return value == null ? null : (Boolean) value.flag();
    }

    /**
     * {@return the boolean of a key}
     *
     * @param key name of it
     * @param otherwise what holds if it is not given
     * @throws FailureException {@code invalid_argument} if it is no boolean
     */
    public boolean flag(String key, boolean otherwise) {
        InputValue value = get(key);
        return value == null ? otherwise : value.flag();
    }

    /**
     * {@return the integer of a key, or {@code null} if it is not given}
     *
     * @param key name of it
     * @param min smallest allowed
     * @param max largest allowed
     * @throws FailureException {@code invalid_argument} if it is no integer, or out of range
     */
    public @Nullable Integer integer(String key, int min, int max) {
        InputValue value = get(key);
        return value == null ? null : (Integer) (int) value.integer(min, max);
    }

    /** {@return the value of a task's deadline in milliseconds, negative for {@code infinity}: none} */
    static @Nullable Long deadline(@Nullable InputValue value) {
        if (value == null) {
            return null;
        }
        if (value.isText() && value.text().equals("infinity")) {
            return -1L;
        }
        return value.integer(1, MAX_MS);
    }

    /**
     * {@return a time in milliseconds that may be {@code infinity}, which is negative, or {@code null} if it is not given}
     *
     * @param key name of it
     * @throws FailureException {@code invalid_argument} if it is neither, or out of range
     */
    public @Nullable Long timeout(String key) {
        return deadline(get(key));
    }

    /**
     * {@return a time in milliseconds, or {@code null} if it is not given}
     *
     * @param key name of it
     * @param min shortest allowed; the longest is what Erlang's timers know, 2^32 - 1
     * @throws FailureException {@code invalid_argument} if it is no integer, or out of range
     */
    public @Nullable Long milliseconds(String key, long min) {
        InputValue value = get(key);
        return value == null ? null : (Long) value.integer(min, MAX_MS);
    }

    @Nullable
    Float real(String key, double min, double max) {
        InputValue value = get(key);
        return value == null ? null : (Float) value.real(min, max, false);
    }

    /**
     * Refuses what nobody asked for, and then the absence of what was wanted.
     *
     * @throws FailureException {@code invalid_argument} naming the key, and one that is meant if it looks mistyped
     */
    public void end() {
        for (Map.Entry<String, InputValue> entry : entries.entrySet()) {
            String key = entry.getKey();
            if (!known.contains(key)) {
                String close = CloseMatch.of(key, known);
                throw FailureException.invalid("unknown option '" + Shown.line(key, 40) + "'"
                        + (whole.isRoot() ? "" : " in " + whole.path())
                        + (close == null ? "" : " (did you mean '" + close + "'?)"));
            }
        }
        if (missing != null) {
            throw FailureException.invalid(missing + " is required");
        }
    }
}
