package io.llamanode.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpOutputStream;
import io.llamanode.term.TermLimits;
import io.llamanode.term.TermScanner;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Reading is the inverse of writing: random requests come back from their terms, whichever way they are spelled. */
final class RequestRoundTripTest {
    private static final int ROUNDS = 1000;

    @Test
    void aRequestIsReadAsItWasMeant() {
        Random random = new Random(7);
        RandomRequests requests = new RandomRequests(random);
        RequestWriter writer = new RequestWriter(random);
        Set<Class<?>> kinds = new HashSet<>();
        for (int round = 0; round < ROUNDS; round++) {
            Request request = requests.request();
            OtpErlangObject term = writer.write(request);
            assertEquals(Vectors.canonical(request), read(term), () -> "read from " + term);
            kinds.add(request.getClass());
        }
        assertEquals(Request.class.getPermittedSubclasses().length, kinds.size());
    }

    /** The same, over the bytes of the wire: what is a string there comes as one of JInterface's two types. */
    @Test
    void aRequestIsReadFromItsBytesAsItWasMeant() throws Exception {
        Random random = new Random(8);
        RandomRequests requests = new RandomRequests(random);
        RequestWriter writer = new RequestWriter(random);
        for (int round = 0; round < ROUNDS; round++) {
            Request request = requests.request();
            OtpErlangObject term = writer.write(request);
            byte[] bytes = new OtpOutputStream(term).toByteArray();
            assertEquals(bytes.length, TermScanner.skip(bytes, 0, bytes.length, TermLimits.DEFAULT));
            assertEquals(Vectors.canonical(request), read(Vectors.decode(bytes)), () -> "read from " + term);
        }
    }

    private static String read(OtpErlangObject term) {
        return Vectors.canonical(RequestDecoder.decode(term));
    }
}
