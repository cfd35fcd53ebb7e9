package io.llamanode.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import com.ericsson.otp.erlang.OtpErlangList;
import com.ericsson.otp.erlang.OtpErlangLong;
import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpErlangString;
import com.ericsson.otp.erlang.OtpErlangTuple;
import com.ericsson.otp.erlang.OtpOutputStream;
import io.llamanode.protocol.launch.ControlFrame;
import io.llamanode.service.contract.FailureException;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** What the node makes of the golden terms, and what golden terms it makes. */
final class VectorsTest {
    @TestFactory
    Stream<DynamicTest> requests() {
        return decoded("requests", RequestDecoder::decode);
    }

    @TestFactory
    Stream<DynamicTest> generationOptions() {
        return decoded("generation", RequestDecoder::decode);
    }

    @TestFactory
    Stream<DynamicTest> badGenerationOptions() {
        return decoded("bad_generation", RequestDecoder::decode);
    }

    @TestFactory
    Stream<DynamicTest> chats() {
        return decoded("chat", RequestDecoder::decode);
    }

    @TestFactory
    Stream<DynamicTest> badChats() {
        return decoded("bad_chat", RequestDecoder::decode);
    }

    @TestFactory
    Stream<DynamicTest> badRequests() {
        return decoded("bad_requests", RequestDecoder::decode);
    }

    @TestFactory
    Stream<DynamicTest> framesToTheNode() {
        return decoded("frames_in", ControlFrame::decode);
    }

    private static Stream<DynamicTest> decoded(String file, Function<OtpErlangObject, ?> decode) {
        return Vectors.read(file).stream()
                .map(vector -> DynamicTest.dynamicTest(
                        vector.name(), () -> assertEquals(vector.expect(), outcome(vector.term(), decode))));
    }

    private static String outcome(OtpErlangObject term, Function<OtpErlangObject, ?> decode) {
        try {
            return Vectors.canonical(decode.apply(term));
        } catch (FailureException e) {
            return e.failure().code().wireName() + ": " + e.failure().message();
        }
    }

    @TestFactory
    Stream<DynamicTest> whatTheNodeSends() {
        return Stream.of("replies", "events", "errors", "status", "frames_out")
                .flatMap(file -> Vectors.read(file).stream())
                .map(vector -> DynamicTest.dynamicTest(vector.name(), () -> {
                    OtpErlangObject term = Samples.TERMS.get(vector.name());
                    assertNotNull(term, "no sample");
                    // Compared as it arrives: after encoding and decoding, order of keys aside.
                    OtpErlangObject arrived = Vectors.decode(new OtpOutputStream(term).toByteArray());
                    assertEquals(stringsAsLists(vector.term()), stringsAsLists(arrived));
                }));
    }

    /** In Erlang a string is a list of integers, whichever way it was encoded; JInterface tells them apart. */
    private static OtpErlangObject stringsAsLists(OtpErlangObject term) {
        return switch (term) {
            case OtpErlangTuple tuple ->
                new OtpErlangTuple(Stream.of(tuple.elements())
                        .map(VectorsTest::stringsAsLists)
                        .toArray(OtpErlangObject[]::new));
            case OtpErlangString string ->
                new OtpErlangList(string.stringValue()
                        .codePoints()
                        .mapToObj(OtpErlangLong::new)
                        .toArray(OtpErlangObject[]::new));
            default -> term;
        };
    }

    @Test
    void everySampleHasAVector() {
        Set<String> names = new HashSet<>(Samples.TERMS.keySet());
        Stream.of("replies", "events", "errors", "status", "frames_out")
                .flatMap(file -> Vectors.read(file).stream())
                .forEach(vector -> names.remove(vector.name()));
        assertEquals(Set.of(), names);
    }
}
