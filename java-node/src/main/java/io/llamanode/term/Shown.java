package io.llamanode.term;

import com.ericsson.otp.erlang.OtpErlangAtom;
import com.ericsson.otp.erlang.OtpErlangBinary;
import com.ericsson.otp.erlang.OtpErlangDouble;
import com.ericsson.otp.erlang.OtpErlangList;
import com.ericsson.otp.erlang.OtpErlangLong;
import com.ericsson.otp.erlang.OtpErlangMap;
import com.ericsson.otp.erlang.OtpErlangPid;
import com.ericsson.otp.erlang.OtpErlangString;
import com.ericsson.otp.erlang.OtpErlangTuple;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Values as error messages show them: scalars shortened, containers by their kind only. */
public final class Shown {
    private static final int SHORT = 40;
    /** Bytes of a text, of which a character takes four at most. */
    private static final int LOOKED_AT = 8 * SHORT;

    private Shown() {}

    /**
     * Shows a value that somebody sent, for a sentence that refuses it; a long one is shortened.
     *
     * @param raw a term, or a value of a JSON tree
     * @return a few words that tell what it is
     */
    public static String of(@Nullable Object raw) {
        return switch (raw) {
            case null -> "null";
            case Boolean flag -> flag.toString();
            case Double number -> number.toString();
            case Number number -> line(number.toString(), SHORT);
            case String text -> quoted(text);
            case Map<?, ?> map -> "an object";
            case List<?> list -> "an array";
            case OtpErlangAtom atom -> line(atom.atomValue(), SHORT);
            // Printing takes time that grows with the square of the length.
            case OtpErlangLong number when number.bitLength() > 256 -> "a very large integer";
            case OtpErlangLong number -> line(number.bigIntegerValue().toString(), SHORT);
            case OtpErlangDouble number -> Double.toString(number.doubleValue());
            case OtpErlangBinary binary -> binary(binary.binaryValue());
            case OtpErlangString string -> "a list of " + string.stringValue().length() + " integers";
            case OtpErlangList list -> list.arity() == 0 ? "[]" : "a list";
            case OtpErlangMap map -> "a map";
            case OtpErlangTuple tuple -> "a tuple of " + tuple.arity();
            case OtpErlangPid pid -> "a pid";
            default -> "a term of another type";
        };
    }

    /** Looks at the beginning of a long one only: it may be a model's worth of text. */
    private static String binary(byte[] bytes) {
        try {
            return quoted(utf8(bytes.length <= LOOKED_AT ? bytes : Arrays.copyOf(bytes, wholeCharacters(bytes))));
        } catch (CharacterCodingException e) {
            return "a binary of " + bytes.length + " bytes";
        }
    }

    /** {@return where the last character begins that may be whole within {@link #LOOKED_AT} bytes} */
    private static int wholeCharacters(byte[] bytes) {
        int end = LOOKED_AT;
        while (end > LOOKED_AT - 4 && (bytes[end] & 0xc0) == 0x80) {
            end--;
        }
        return end;
    }

    /**
     * {@return the text in double quotes, on one line and shortened}
     *
     * @param text any text
     */
    public static String quoted(String text) {
        return '"' + line(text, SHORT) + '"';
    }

    /**
     * Makes a text safe to stand in a message or a log line, whoever wrote it.
     *
     * @param text any text
     * @param limit code points kept
     * @return the text without control characters, cut behind {@code limit} code points
     */
    public static String line(String text, int limit) {
        StringBuilder line = new StringBuilder();
        int kept = 0;
        for (int i = 0; i < text.length(); i = text.offsetByCodePoints(i, 1)) {
            if (kept++ == limit) {
                return line.append("...").toString();
            }
            int c = text.codePointAt(i);
            line.appendCodePoint(Character.isISOControl(c) ? ' ' : c);
        }
        return line.toString();
    }

    /**
     * {@return a bound of a range without a needless fraction or exponent}
     *
     * @param number finite
     */
    public static String bound(double number) {
        return new BigDecimal(number).stripTrailingZeros().toPlainString();
    }

    /**
     * {@return {@code a, b or c}}
     *
     * @param names one or more
     */
    public static String oneOf(Collection<String> names) {
        List<String> all = List.copyOf(names);
        int last = all.size() - 1;
        return last == 0 ? all.get(0) : String.join(", ", all.subList(0, last)) + " or " + all.get(last);
    }

    /**
     * {@return the text of these bytes}
     *
     * @param bytes in UTF-8
     * @throws CharacterCodingException if they are not UTF-8; nothing is replaced
     */
    public static String utf8(byte[] bytes) throws CharacterCodingException {
        // A fresh decoder reports what new String() would silently replace.
        return StandardCharsets.UTF_8
                .newDecoder()
                .decode(ByteBuffer.wrap(bytes))
                .toString();
    }

    /**
     * {@return whether every surrogate has its other half}
     *
     * @param text any text
     */
    public static boolean isUnicode(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (Character.isSurrogate(c)) {
                if (!Character.isHighSurrogate(c)
                        || i + 1 == text.length()
                        || !Character.isLowSurrogate(text.charAt(++i))) {
                    return false;
                }
            }
        }
        return true;
    }
}
