package io.llamanode.term;

import com.ericsson.otp.erlang.OtpErlangAtom;
import com.ericsson.otp.erlang.OtpErlangBinary;
import com.ericsson.otp.erlang.OtpErlangBitstr;
import com.ericsson.otp.erlang.OtpErlangDouble;
import com.ericsson.otp.erlang.OtpErlangException;
import com.ericsson.otp.erlang.OtpErlangExternalFun;
import com.ericsson.otp.erlang.OtpErlangFun;
import com.ericsson.otp.erlang.OtpErlangList;
import com.ericsson.otp.erlang.OtpErlangLong;
import com.ericsson.otp.erlang.OtpErlangMap;
import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpErlangPid;
import com.ericsson.otp.erlang.OtpErlangPort;
import com.ericsson.otp.erlang.OtpErlangRef;
import com.ericsson.otp.erlang.OtpErlangString;
import com.ericsson.otp.erlang.OtpErlangTuple;
import java.math.BigInteger;
import java.util.Random;
import java.util.stream.Stream;

/** Random terms of every type that JInterface writes, most of them small, some at the edge of a form's length. */
final class RandomTerms {
    private static final int[] CHARACTERS = "aZ_ 0\n\"\\é÷漢字😀".codePoints().toArray();

    private final Random random;

    RandomTerms(Random random) {
        this.random = random;
    }

    /** {@return a term with containers at most so deep within one another} */
    OtpErlangObject term(int depth) {
        return depth > 0 && random.nextInt(3) > 0 ? container(depth - 1) : scalar();
    }

    /** {@return a tuple, now and then one of more elements than its short form can tell} */
    OtpErlangTuple tuple(int depth) {
        int arity = random.nextInt(50) == 0 ? 254 + random.nextInt(4) : random.nextInt(6);
        return new OtpErlangTuple(arity > 100 ? scalars(arity) : terms(arity, depth));
    }

    private OtpErlangObject container(int depth) {
        return switch (random.nextInt(4)) {
            case 0 -> tuple(depth);
            case 1 -> new OtpErlangList(terms(random.nextInt(5), depth));
            case 2 -> improper(depth);
            default -> {
                int size = random.nextInt(5);
                yield new OtpErlangMap(terms(size, depth), terms(size, depth));
            }
        };
    }

    private OtpErlangObject improper(int depth) {
        try {
            return new OtpErlangList(terms(1 + random.nextInt(3), depth), pid());
        } catch (OtpErlangException e) {
            throw new AssertionError(e);
        }
    }

    private OtpErlangObject scalar() {
        return switch (random.nextInt(12)) {
            case 0 -> new OtpErlangAtom(text(255));
            case 1, 2 -> new OtpErlangLong(integer());
            case 3 -> new OtpErlangDouble(random.nextInt(-1000, 1000) / 8.0);
            case 4 -> new OtpErlangBinary(bytes(length()));
            case 5 -> bits();
            case 6 -> new OtpErlangString(text(300));
            case 7 -> pid();
            case 8 -> reference();
            case 9 -> new OtpErlangPort(text(20) + "@b", random.nextInt(1 << 28), 4 + random.nextInt(90));
            case 10 -> fun();
            default -> new OtpErlangExternalFun(text(8), text(8), random.nextInt(256));
        };
    }

    private OtpErlangObject[] terms(int count, int depth) {
        return Stream.generate(() -> term(depth)).limit(count).toArray(OtpErlangObject[]::new);
    }

    private OtpErlangObject[] scalars(int count) {
        return Stream.generate(this::scalar).limit(count).toArray(OtpErlangObject[]::new);
    }

    private OtpErlangPid pid() {
        return new OtpErlangPid(
                text(20) + "@b", random.nextInt(1 << 15), random.nextInt(1 << 13), 4 + random.nextInt(90));
    }

    private OtpErlangRef reference() {
        int[] words = random.ints(1 + random.nextInt(5)).toArray();
        return new OtpErlangRef(90, "a@b", words, 4 + random.nextInt(90));
    }

    private OtpErlangObject fun() {
        OtpErlangObject[] nothing = {};
        int index = random.nextInt(1 << 27);
        return new OtpErlangFun(
                pid(), text(8), random.nextInt(256), bytes(16), index, index, random.nextInt(1 << 27), nothing);
    }

    private OtpErlangObject bits() {
        byte[] bytes = bytes(1 + random.nextInt(20));
        int unused = random.nextInt(8);
        bytes[bytes.length - 1] &= (byte) (0xff << unused);
        return new OtpErlangBitstr(bytes, unused);
    }

    /** {@return a number of up to 1024 bytes, which is what the protocol takes} */
    private BigInteger integer() {
        int bits = random.nextInt(10) == 0 ? random.nextInt(1024 * 8 + 1) : random.nextInt(70);
        BigInteger number = new BigInteger(bits, random);
        return random.nextBoolean() ? number : number.negate();
    }

    private int length() {
        return random.nextInt(20) == 0 ? 65_530 + random.nextInt(12) : random.nextInt(300);
    }

    private byte[] bytes(int count) {
        byte[] bytes = new byte[count];
        random.nextBytes(bytes);
        return bytes;
    }

    /** {@return up to so many characters, in one of two texts all below U+0100} */
    private String text(int most) {
        int kinds = random.nextBoolean() ? CHARACTERS.length : CHARACTERS.length - 3;
        return random.ints(random.nextInt(most + 1), 0, kinds)
                .collect(StringBuilder::new, (text, i) -> text.appendCodePoint(CHARACTERS[i]), StringBuilder::append)
                .toString();
    }
}
