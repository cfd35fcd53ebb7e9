package io.llamanode.transport.dist;

import static io.llamanode.transport.TestTerms.CALLER;
import static io.llamanode.transport.TestTerms.TAG;
import static io.llamanode.transport.TestTerms.atom;
import static io.llamanode.transport.TestTerms.external;
import static io.llamanode.transport.TestTerms.tuple;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.ericsson.otp.erlang.OtpErlangInt;
import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpErlangPid;
import com.ericsson.otp.erlang.OtpErlangRef;
import io.llamanode.term.TermLimits;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Frames as erts, "Distribution Protocol", has them: the length, a mark, the control tuple, the message. */
final class FrameTest {
    private static final OtpErlangPid SELF = new OtpErlangPid("j@localhost", 1, 0, 5);
    private static final OtpErlangRef OTHER = new OtpErlangRef(90, "j@localhost", new int[] {4, 5, 6}, 5);
    private static final OtpErlangObject NONE = atom("");

    private final Frame frame = new Frame();

    private static OtpErlangInt number(int value) {
        return new OtpErlangInt(value);
    }

    /** One frame is made after another, as a writer does. */
    private static void assertFrame(Frame made, OtpErlangObject control, OtpErlangObject... message) {
        byte[] head = external(control);
        byte[] rest = message.length == 0 ? new byte[0] : external(message[0]);
        byte[] expected = ByteBuffer.allocate(5 + head.length + rest.length)
                .putInt(1 + head.length + rest.length)
                .put((byte) 112)
                .put(head)
                .put(rest)
                .array();
        assertArrayEquals(expected, Arrays.copyOf(made.bytes(), made.size()));
    }

    @Test
    void messages() {
        assertFrame(frame.send(CALLER, atom("hello")), tuple(number(2), NONE, CALLER), atom("hello"));
        assertFrame(frame.reply(CALLER, TAG, atom("pong")), tuple(number(2), NONE, CALLER), tuple(TAG, atom("pong")));
        assertFrame(
                frame.aliasReply(SELF, TAG, atom("tag"), atom("pong")),
                tuple(number(33), SELF, TAG),
                tuple(atom("tag"), atom("pong")));
        assertFrame(frame.aliasSend(SELF, TAG, atom("hello")), tuple(number(33), SELF, TAG), atom("hello"));
    }

    @Test
    void monitors() {
        assertFrame(frame.monitor(SELF, CALLER, OTHER), tuple(number(19), SELF, CALLER, OTHER));
        assertFrame(frame.demonitor(SELF, CALLER, OTHER), tuple(number(20), SELF, CALLER, OTHER));
    }

    private static byte[] received(OtpErlangObject control) {
        byte[] term = external(control);
        return ByteBuffer.allocate(1 + term.length).put((byte) 112).put(term).array();
    }

    @Test
    void answersRepeatTheTermsThatCame() throws Exception {
        byte[] monitor = received(tuple(number(19), CALLER, atom("nobody"), TAG));
        assertFrame(
                frame.monitorNoproc(monitor, (Control.Monitor) Control.parse(monitor, TermLimits.DEFAULT)),
                tuple(number(21), atom("nobody"), CALLER, TAG, atom("noproc")));
        byte[] link = received(tuple(number(1), CALLER, SELF));
        assertFrame(
                frame.linkNoproc(link, (Control.Link) Control.parse(link, TermLimits.DEFAULT)),
                tuple(number(3), SELF, CALLER, atom("noproc")));
        byte[] unlink = received(tuple(number(35), number(9), CALLER, SELF));
        assertFrame(
                frame.unlinkAck(unlink, (Control.Unlink) Control.parse(unlink, TermLimits.DEFAULT)),
                tuple(number(36), number(9), SELF, CALLER));
    }

    @Test
    void bytesThatAreEncodedAlreadyStayAsTheyAre() {
        frame.send(CALLER, atom("hello"));
        assertEquals(3, frame.verbatim(new byte[] {1, 2, 3}).size());
        assertArrayEquals(new byte[] {1, 2, 3}, Arrays.copyOf(frame.bytes(), 3));
    }
}
