package io.llamanode.protocol;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import com.ericsson.otp.erlang.OtpErlangAtom;
import com.ericsson.otp.erlang.OtpErlangBinary;
import com.ericsson.otp.erlang.OtpErlangBitstr;
import com.ericsson.otp.erlang.OtpErlangDouble;
import com.ericsson.otp.erlang.OtpErlangException;
import com.ericsson.otp.erlang.OtpErlangExternalFun;
import com.ericsson.otp.erlang.OtpErlangList;
import com.ericsson.otp.erlang.OtpErlangLong;
import com.ericsson.otp.erlang.OtpErlangMap;
import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpErlangPid;
import com.ericsson.otp.erlang.OtpErlangRef;
import com.ericsson.otp.erlang.OtpErlangString;
import com.ericsson.otp.erlang.OtpErlangTuple;
import io.llamanode.protocol.launch.ControlFrame;
import io.llamanode.service.contract.FailureException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** Puts odd terms at every place of every good request: each is taken or refused in one clear sentence. */
final class OddTermsTest {
    private static final List<OtpErlangObject> ODD = List.of(
            new OtpErlangAtom("true"),
            new OtpErlangAtom("undefined"),
            new OtpErlangAtom(""),
            new OtpErlangLong(-1),
            new OtpErlangLong(Long.MIN_VALUE),
            new OtpErlangLong(BigInteger.TWO.pow(100_000)),
            new OtpErlangLong(BigInteger.TWO.pow(64)),
            new OtpErlangDouble(Double.NaN),
            new OtpErlangDouble(-0.0),
            new OtpErlangDouble(Double.MAX_VALUE),
            new OtpErlangString("\u0001\u00ff"),
            new OtpErlangList(),
            new OtpErlangList(new OtpErlangLong(-1)),
            new OtpErlangList(new OtpErlangList()),
            new OtpErlangList(new OtpErlangObject[] {new OtpErlangLong(1_114_112), new OtpErlangLong(0xd800)}),
            improper(),
            new OtpErlangTuple(new OtpErlangObject[0]),
            new OtpErlangTuple(new OtpErlangObject[] {new OtpErlangAtom("tokens"), new OtpErlangAtom("x")}),
            new OtpErlangList(new OtpErlangTuple(new OtpErlangObject[] {new OtpErlangList(), new OtpErlangList()})),
            new OtpErlangMap(),
            new OtpErlangMap(
                    new OtpErlangObject[] {new OtpErlangDouble(1), new OtpErlangMap()},
                    new OtpErlangObject[] {new OtpErlangMap(), new OtpErlangMap()}),
            new OtpErlangBinary(new byte[0]),
            new OtpErlangBinary(new byte[] {(byte) 0xed, (byte) 0xa0, (byte) 0x80}),
            new OtpErlangBinary("{\"a\":[{}]}".getBytes(StandardCharsets.UTF_8)),
            new OtpErlangBinary("{\"messages\":[{\"role\":null}]}".getBytes(StandardCharsets.UTF_8)),
            new OtpErlangBinary("[1,null,1e400]".getBytes(StandardCharsets.UTF_8)),
            new OtpErlangBinary("{\"n_predict\":1.5,".getBytes(StandardCharsets.UTF_8)),
            new OtpErlangBitstr(new byte[] {(byte) 0x80}, 5),
            new OtpErlangPid("a@b", 1, 0, 1),
            new OtpErlangRef("a@b", 1, 1),
            new OtpErlangExternalFun("erlang", "halt", 0));

    private static OtpErlangObject improper() {
        try {
            return new OtpErlangList(new OtpErlangObject[] {new OtpErlangLong(1)}, new OtpErlangAtom("tail"));
        } catch (OtpErlangException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void requests() {
        tryAll("requests", RequestDecoder::decode);
    }

    @Test
    void framesToTheNode() {
        tryAll("frames_in", ControlFrame::decode);
    }

    private static void tryAll(String file, Function<OtpErlangObject, ?> decode) {
        int refused = 0;
        for (Vectors.Vector vector : Vectors.read(file)) {
            for (OtpErlangObject term : variants(vector.term())) {
                refused += refuses(decode, term) ? 1 : 0;
            }
        }
        assertTrue(refused > 0);
    }

    private static boolean refuses(Function<OtpErlangObject, ?> decode, OtpErlangObject term) {
        try {
            decode.apply(term);
            return false;
        } catch (FailureException e) {
            String message = e.failure().message();
            assertTrue(message.length() < 300, message);
            assertFalse(message.contains("\n") || message.contains("com.ericsson"), message);
            return true;
        } catch (RuntimeException | Error e) {
            return fail("decoding " + term, e);
        }
    }

    /** {@return the term with one place replaced by an odd term, in every way} */
    private static List<OtpErlangObject> variants(OtpErlangObject term) {
        List<OtpErlangObject> all = new ArrayList<>(ODD);
        switch (term) {
            case OtpErlangTuple tuple -> replaced(tuple.elements(), OtpErlangTuple::new, all);
            case OtpErlangList list -> replaced(list.elements(), OtpErlangList::new, all);
            case OtpErlangMap map -> {
                replaced(map.keys(), keys -> new OtpErlangMap(keys, map.values()), all);
                replaced(map.values(), values -> new OtpErlangMap(map.keys(), values), all);
            }
            default -> {}
        }
        return all;
    }

    private static void replaced(
            OtpErlangObject[] parts, Function<OtpErlangObject[], OtpErlangObject> build, List<OtpErlangObject> all) {
        for (int i = 0; i < parts.length; i++) {
            for (OtpErlangObject variant : variants(parts[i])) {
                OtpErlangObject[] copy = parts.clone();
                copy[i] = variant;
                all.add(build.apply(copy));
            }
        }
    }
}
