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
import io.llamanode.service.contract.FailureException;
import io.llamanode.term.Shown;
import java.math.BigInteger;
import java.nio.charset.CharacterCodingException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A term or a value of a JSON tree, with its place in the request. What a term means depends on what
 * is expected: {@code [104, 105]} is text, a list of integers or neither, so nothing is decided
 * before a typed accessor asks. Accessors throw {@code invalid_argument} naming the place.
 */
public final class InputValue {
    private final @Nullable InputValue parent;
    private final @Nullable String key;
    private final int index;
    private final @Nullable Object raw;

    private InputValue(@Nullable InputValue parent, @Nullable String key, int index, @Nullable Object raw) {
        this.parent = parent;
        this.key = key;
        this.index = index;
        this.raw = raw;
    }

    /**
     * Begins with a whole input; what is found inside is named by the way to it, as {@code messages[0].role}.
     *
     * @param name what the whole is called in error messages
     * @param raw a term, or a JSON tree
     * @return the value without a surrounding
     */
    public static InputValue root(String name, @Nullable Object raw) {
        return new InputValue(null, name, 0, raw);
    }

    /**
     * @param name what the whole is called in error messages
     * @param term a map, a proplist or a binary that holds a JSON object; what means "not given" has no fields
     * @return the value to take the fields of
     */
    static InputValue object(String name, OtpErlangObject term) {
        InputValue value = object(name, (Object) term);
        if (!(term instanceof OtpErlangBinary)) {
            if (value.isPrintable() && !value.elements().isEmpty()) {
                throw plainText(name);
            }
            return value;
        }
        String text = value.text();
        boolean isJson = text.isBlank() || "{[".indexOf(text.strip().charAt(0)) >= 0;
        try {
            return object(name, JsonReader.parse(name, text));
        } catch (FailureException e) {
            throw isJson ? e : plainText(name);
        }
    }

    private static InputValue object(String name, @Nullable Object raw) {
        InputValue value = root(name, raw);
        return value.isAbsent() ? root(name, Map.of()) : value;
    }

    /** Text where fields are expected is somebody's prompt rather than faulty JSON. */
    private static FailureException plainText(String name) {
        return FailureException.invalid(
                name + " must be a map, a proplist or a JSON object, not plain text: text is given"
                        + " by its key, as content, prompt or system_prompt");
    }

    /** {@return the value of a key of this one} */
    InputValue field(String name, @Nullable Object value) {
        return new InputValue(this, name, 0, value);
    }

    private InputValue element(int at, @Nullable Object value) {
        return new InputValue(this, null, at, value);
    }

    /** {@return the place, like {@code messages[2].role}} */
    String path() {
        if (parent == null) {
            return Objects.requireNonNull(key);
        }
        if (key == null) {
            return parent.path() + "[" + index + "]";
        }
        return parent.parent == null ? key : parent.path() + "." + key;
    }

    /** {@return whether its keys are named without a place} */
    boolean isRoot() {
        return parent == null;
    }

    /** {@return another value at the same place: what a tag was wrapped around} */
    InputValue unwrapped(@Nullable Object content) {
        return new InputValue(parent, key, index, content);
    }

    /** {@return the term or JSON value} */
    @Nullable
    Object raw() {
        return raw;
    }

    /** {@return whether the sender left the value out in so many words} */
    boolean isAbsent() {
        return raw == null
                || raw instanceof OtpErlangAtom atom
                        && switch (atom.atomValue()) {
                            case "undefined", "nil", "null" -> true;
                            default -> false;
                        };
    }

    /**
     * The value is not of the kind that its place needs. The message names the place and shows the value.
     *
     * @param expected what is allowed here
     * @return the failure to throw
     */
    public FailureException mustBe(String expected) {
        return FailureException.invalid(path() + " must be " + expected + ", not " + Shown.of(raw));
    }

    /**
     * {@return the value as text: an atom other than the booleans, UTF-8, or code points}
     *
     * @throws FailureException {@code invalid_argument} if it is none of these
     */
    public String text() {
        return switch (raw) {
            case String text -> text;
            case OtpErlangBinary binary -> utf8(binary);
            case OtpErlangAtom atom when !isAbsent() && !isBoolean(atom) -> atom.atomValue();
            case OtpErlangString string when Shown.isUnicode(string.stringValue()) -> string.stringValue();
            case OtpErlangList list when list.isProper() -> codePoints(list);
            case null, default -> throw mustBe("text");
        };
    }

    /** {@return whether this is a text in a type of its own: not a list, but possibly not valid UTF-8} */
    public boolean isText() {
        return raw instanceof String
                || raw instanceof OtpErlangBinary
                || raw instanceof OtpErlangAtom atom && !isAbsent() && !isBoolean(atom)
                || isPrintable();
    }

    /** {@return whether this is a term that is a list of integers, the empty list included} */
    boolean isIntegers() {
        if (raw instanceof OtpErlangList list && list.isProper()) {
            for (OtpErlangObject element : list) {
                if (!(element instanceof OtpErlangLong)) {
                    return false;
                }
            }
            return true;
        }
        return raw instanceof OtpErlangString;
    }

    /** {@return whether this is {@code false}} */
    boolean isFalse() {
        return Boolean.FALSE.equals(raw)
                || raw instanceof OtpErlangAtom atom && atom.atomValue().equals("false");
    }

    /** {@return whether {@link #flag} would succeed} */
    boolean isBoolean() {
        return raw instanceof Boolean || raw instanceof OtpErlangAtom atom && isBoolean(atom);
    }

    /** {@return whether this is an integer or a float} */
    boolean isNumber() {
        return raw instanceof Number || raw instanceof OtpErlangLong || raw instanceof OtpErlangDouble;
    }

    /**
     * {@return text of at least one character}
     *
     * @throws FailureException {@code invalid_argument} if it is no text, or an empty one
     */
    public String nonEmptyText() {
        String text = text();
        if (text.isEmpty()) {
            throw FailureException.invalid(path() + " must not be empty");
        }
        return text;
    }

    String utf8(OtpErlangBinary binary) {
        try {
            return Shown.utf8(binary.binaryValue());
        } catch (CharacterCodingException e) {
            throw FailureException.invalid(path() + " is not valid UTF-8");
        }
    }

    private String codePoints(OtpErlangList list) {
        StringBuilder text = new StringBuilder(list.arity());
        for (OtpErlangObject element : list) {
            if (!(element instanceof OtpErlangLong number) || !isCodePoint(number)) {
                throw mustBe("text");
            }
            text.appendCodePoint((int) number.longValue());
        }
        return text.toString();
    }

    private static boolean isCodePoint(OtpErlangLong number) {
        long c = number.isLong() ? number.longValue() : -1;
        return c >= 0 && c <= Character.MAX_CODE_POINT && (c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE);
    }

    /** {@return whether this is a list of integers that a shell would print as a string} */
    boolean isPrintable() {
        return switch (raw) {
            case OtpErlangString string -> string.stringValue().codePoints().allMatch(InputValue::isPrintable);
            case OtpErlangList list
            when list.isProper() -> {
                for (OtpErlangObject element : list) {
                    if (!(element instanceof OtpErlangLong number)
                            || !isCodePoint(number)
                            || !isPrintable((int) number.longValue())) {
                        yield false;
                    }
                }
                yield true;
            }
            case null, default -> false;
        };
    }

    /** The rule of {@code io_lib:printable_unicode_list/1}. */
    private static boolean isPrintable(int c) {
        return c >= 0x20 && c <= 0x7e || c >= 0xa0 && c != 0xfffe && c != 0xffff || c >= 8 && c <= 13 || c == 27;
    }

    static boolean isBoolean(OtpErlangAtom atom) {
        return atom.atomValue().equals("true") || atom.atomValue().equals("false");
    }

    /** {@return {@code true} or {@code false}} */
    boolean flag() {
        return switch (raw) {
            case Boolean flag -> flag;
            case OtpErlangAtom atom when isBoolean(atom) -> atom.booleanValue();
            case null, default -> throw mustBe("true or false");
        };
    }

    /**
     * Reads an integer within bounds.
     *
     * @param min smallest allowed
     * @param max largest allowed
     * @return an integer; a float is refused even when it is integral
     * @throws FailureException {@code invalid_argument} if it is no integer, or out of range
     */
    public long integer(long min, long max) {
        return bigInteger(BigInteger.valueOf(min), BigInteger.valueOf(max)).longValue();
    }

    /**
     * @param word what is allowed beside an integer, for the error message
     * @param min smallest allowed
     * @param max largest allowed
     * @return an integer
     */
    long integerOr(String word, long min, long max) {
        if (!(raw instanceof OtpErlangLong term)
                || !term.isLong()
                || term.longValue() < min
                || term.longValue() > max) {
            throw mustBe(word + " or an integer from " + min + " to " + max);
        }
        return term.longValue();
    }

    /**
     * @param min smallest allowed
     * @param max largest allowed
     * @return an integer of any size
     */
    BigInteger bigInteger(BigInteger min, BigInteger max) {
        BigInteger number = switch (raw) {
            case Long small -> BigInteger.valueOf(small);
            case BigInteger big -> big;
            case OtpErlangLong term -> term.bigIntegerValue();
            case null, default -> null;
        };
        if (number == null || number.compareTo(min) < 0 || number.compareTo(max) > 0) {
            throw mustBe("an integer from " + min + " to " + max);
        }
        return number;
    }

    /**
     * @param min smallest allowed
     * @param max largest allowed
     * @param open whether {@code min} itself is refused
     * @return an integer or a float, in single precision
     */
    float real(double min, double max, boolean open) {
        Double number = switch (raw) {
            case Number json -> json.doubleValue();
            case OtpErlangLong integer -> integer.bigIntegerValue().doubleValue();
            case OtpErlangDouble real -> real.doubleValue();
            case null, default -> null;
        };
        // After rounding, so that a tiny positive number is not let through as zero.
        if (number == null
                || !((float) (double) number >= min && number <= max)
                || open && (float) (double) number == min) {
            throw mustBe("a number " + (open ? "over " : "from ") + Shown.bound(min) + (open ? " up to " : " to ")
                    + Shown.bound(max));
        }
        return (float) (double) number;
    }

    /** {@return whether {@link #list} would succeed} */
    public boolean isList() {
        return raw instanceof List<?>
                || raw instanceof OtpErlangString
                || raw instanceof OtpErlangList list && list.isProper();
    }

    /**
     * {@return the elements of a proper list or array}
     *
     * @throws FailureException {@code invalid_argument} if it is none
     */
    public List<InputValue> list() {
        List<InputValue> values = new ArrayList<>();
        for (Object element : elements()) {
            values.add(element(values.size(), element));
        }
        return values;
    }

    /** {@return the elements of a proper list or array: terms, JSON values, or {@code Long} for a string} */
    List<?> elements() {
        return switch (raw) {
            case List<?> list -> list;
            case OtpErlangString string ->
                string.stringValue().codePoints().mapToObj(Long::valueOf).toList();
            case OtpErlangList list when list.isProper() -> List.of(list.elements());
            case null, default -> throw mustBe("a list");
        };
    }

    /** {@return a list of token ids} */
    int[] tokens() {
        if (!isList()) {
            throw mustBe("a list of token ids");
        }
        List<?> elements = elements();
        int[] ids = new int[elements.size()];
        for (int i = 0; i < ids.length; i++) {
            Object element = elements.get(i);
            long id = switch (element) {
                case Long small -> small;
                case OtpErlangLong term when term.isLong() -> term.longValue();
                case null, default -> -1;
            };
            if (id < 0 || id > Integer.MAX_VALUE) {
                throw element(i, element).mustBe("a token id, an integer from 0 to " + Integer.MAX_VALUE);
            }
            ids[i] = (int) id;
        }
        return ids;
    }

    /** {@return the two elements of a tuple or list of two, or {@code null}} */
    @Nullable
    List<InputValue> pair() {
        if (raw instanceof OtpErlangTuple tuple) {
            return tuple.arity() == 2 ? List.of(element(0, tuple.elementAt(0)), element(1, tuple.elementAt(1))) : null;
        }
        List<InputValue> list = isList() ? list() : List.of();
        return list.size() == 2 ? list : null;
    }

    /** {@return the entries of a map, a proplist or an object, in their order} */
    Map<String, InputValue> entries() {
        Map<String, InputValue> entries = new LinkedHashMap<>();
        switch (raw) {
            case Map<?, ?> map -> map.forEach((name, value) -> add(entries, (String) name, value));
            case OtpErlangMap map -> map.entrySet().forEach(e -> add(entries, keyOf(e.getKey()), e.getValue()));
            case OtpErlangList list
            when list.isProper() -> {
                int at = 0;
                for (OtpErlangObject item : list) {
                    switch (item) {
                        case OtpErlangAtom atom -> add(entries, atom.atomValue(), true);
                        case OtpErlangTuple t
                        when t.arity() == 2 -> add(entries, keyOf(t.elementAt(0)), t.elementAt(1));
                        // Not shown: it may be a secret whose key was forgotten.
                        default ->
                            throw FailureException.invalid(
                                    element(at, item).path() + " must be {Key, Value} or an atom");
                    }
                    at++;
                }
            }
            case null, default -> throw mustBe("a map or a list of {Key, Value}");
        }
        return entries;
    }

    private void add(Map<String, InputValue> entries, String name, @Nullable Object value) {
        if (entries.putIfAbsent(name, field(name, value)) != null) {
            throw FailureException.invalid(entries.get(name).path() + " is given twice");
        }
    }

    private String keyOf(OtpErlangObject term) {
        return switch (term) {
            case OtpErlangAtom atom -> atom.atomValue();
            case OtpErlangLong number -> number.bigIntegerValue().toString();
            default -> new InputValue(null, "a key of " + path(), 0, term).text();
        };
    }
}
