package io.llamanode.transport.dist;

import static io.llamanode.transport.TestTerms.CALLER;
import static io.llamanode.transport.TestTerms.TAG;
import static io.llamanode.transport.TestTerms.atom;
import static io.llamanode.transport.TestTerms.external;
import static io.llamanode.transport.TestTerms.tuple;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.ericsson.otp.erlang.OtpErlangInt;
import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpErlangPid;
import io.llamanode.term.TermLimits;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a received frame asks for. */
final class ControlTest {
    private static final OtpErlangPid SELF = new OtpErlangPid("j@localhost", 1, 0, 5);
    private static final OtpErlangObject TOKEN = tuple(atom("token"));

    private static OtpErlangInt number(int value) {
        return new OtpErlangInt(value);
    }

    private static byte[] frame(OtpErlangObject... control) {
        byte[] term = external(tuple(control));
        return ByteBuffer.allocate(1 + term.length).put((byte) 112).put(term).array();
    }

    private static Control parse(byte[] frame) throws Control.ProtocolException {
        return Control.parse(frame, TermLimits.DEFAULT);
    }

    private static OtpErlangObject at(byte[] frame, Control.Slice slice) throws Exception {
        byte[] term = Arrays.copyOfRange(frame, slice.from(), slice.end());
        return new com.ericsson.otp.erlang.OtpInputStream(term).read_any();
    }

    @Test
    void messagesToAPidWithAndWithoutATraceToken() throws Exception {
        for (byte[] frame : List.of(
                frame(number(2), atom(""), SELF),
                frame(number(22), CALLER, SELF),
                frame(number(12), atom(""), SELF, TOKEN),
                frame(number(23), CALLER, SELF, TOKEN))) {
            assertEquals(new Control.ToPid(SELF, frame.length), parse(frame));
        }
    }

    @Test
    void messagesToANameWithAndWithoutATraceToken() throws Exception {
        for (byte[] frame : List.of(
                frame(number(6), CALLER, atom(""), atom("name")),
                frame(number(16), CALLER, atom(""), atom("name"), TOKEN))) {
            assertEquals(new Control.ToName("name", frame.length), parse(frame));
        }
        byte[] unnamed = frame(number(6), CALLER, atom(""), number(1));
        assertEquals(new Control.ToName(null, unnamed.length), parse(unnamed));
    }

    /** The message begins where the control tuple ends. */
    @Test
    void theMessageFollows() throws Exception {
        byte[] control = frame(number(2), atom(""), SELF);
        byte[] frame = Arrays.copyOf(control, control.length + 3);
        assertEquals(new Control.ToPid(SELF, control.length), parse(frame));
    }

    @Test
    void monitors() throws Exception {
        byte[] byName = frame(number(19), CALLER, atom("name"), TAG);
        Control.Monitor named = assertInstanceOf(Control.Monitor.class, parse(byName));
        assertEquals("name", named.name());
        assertNull(named.pid());
        assertEquals(CALLER, at(byName, named.watcher()));
        assertEquals(atom("name"), at(byName, named.watched()));
        assertEquals(TAG, at(byName, named.ref()));
        byte[] byPid = frame(number(19), CALLER, SELF, TAG);
        Control.Monitor process = assertInstanceOf(Control.Monitor.class, parse(byPid));
        assertNull(process.name());
        assertEquals(SELF, process.pid());
    }

    @Test
    void theEndOfAMonitorNamesIt() throws Exception {
        for (byte[] frame :
                List.of(frame(number(20), CALLER, atom("name"), TAG), frame(number(20), CALLER, SELF, TAG))) {
            Control.Demonitor ended = assertInstanceOf(Control.Demonitor.class, parse(frame));
            assertEquals(CALLER, at(frame, ended.watcher()));
            assertEquals(TAG, ended.ref());
        }
    }

    /** What is to be run stays unread. */
    @Test
    void requestsToSpawnWithAndWithoutATraceToken() throws Exception {
        OtpErlangObject function = tuple(atom("erlang"), atom("node"), number(0));
        for (byte[] frame : List.of(
                frame(number(29), TAG, CALLER, CALLER, function, atom("opts")),
                frame(number(30), TAG, CALLER, CALLER, function, atom("opts"), TOKEN))) {
            Control.Spawn spawn = assertInstanceOf(Control.Spawn.class, parse(frame));
            assertEquals(TAG, at(frame, spawn.ref()));
            assertEquals(CALLER, at(frame, spawn.from()));
        }
    }

    @Test
    void linksAndTheirEnds() throws Exception {
        byte[] link = frame(number(1), CALLER, SELF);
        Control.Link linked = assertInstanceOf(Control.Link.class, parse(link));
        assertEquals(CALLER, at(link, linked.from()));
        assertEquals(SELF, at(link, linked.to()));
        assertEquals(SELF, linked.pid());
        byte[] unlink = frame(number(35), number(9), CALLER, SELF);
        Control.Unlink unlinked = assertInstanceOf(Control.Unlink.class, parse(unlink));
        assertEquals(number(9), at(unlink, unlinked.id()));
        assertEquals(CALLER, at(unlink, unlinked.from()));
        assertEquals(SELF, at(unlink, unlinked.to()));
    }

    /** A process may have died with a reason of any size, which must not cost the connection. */
    @Test
    void theReasonOfAnEndStaysUnread() throws Exception {
        byte[] whole = frame(number(21), CALLER, SELF, TAG, atom("killed"));
        byte[] cut = Arrays.copyOf(whole, whole.length - 7);
        assertEquals(TAG, assertInstanceOf(Control.Down.class, parse(whole)).ref());
        assertEquals(TAG, assertInstanceOf(Control.Down.class, parse(cut)).ref());
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 4, 7, 8, 13, 18, 33, 34, 36})
    void operationsThatNeedNothing(int operation) throws Exception {
        assertEquals(new Control.Ignored(operation), parse(frame(number(operation), CALLER)));
    }

    private static void assertMalformed(String message, byte... frame) {
        assertEquals(
                message,
                assertThrows(Control.ProtocolException.class, () -> parse(frame))
                        .getMessage());
    }

    @Test
    void framesThatAreNone() {
        byte version = (byte) 131;
        assertMalformed("a frame that begins with nothing");
        assertMalformed("a frame that begins with 112", (byte) 112);
        assertMalformed("a frame that begins with 200", (byte) 200, version, (byte) 104, (byte) 1);
        assertMalformed("a frame that begins with 112", (byte) 112, (byte) 130, (byte) 104, (byte) 1);
        assertMalformed("a control message that is no tuple", (byte) 112, version);
        assertMalformed("a control message that is no tuple", (byte) 112, version, (byte) 106);
        assertMalformed("a control message that is no tuple", (byte) 112, version, (byte) 104, (byte) 0);
        assertMalformed("a control message without an operation", (byte) 112, version, (byte) 104, (byte) 1);
        assertMalformed("a control message without an operation", (byte) 112, version, (byte) 104, (byte) 1, (byte) 97);
        assertMalformed("a control message without an operation", frame(atom("x")));
        assertMalformed(
                "an unknown control operation 255", (byte) 112, version, (byte) 104, (byte) 1, (byte) 97, (byte) 255);
    }

    @Test
    void operationsWithTooFewOrTooManyElements() {
        for (int operation : new int[] {1, 2, 6, 12, 16, 19, 20, 21, 22, 23, 30, 35}) {
            assertMalformed("operation " + operation + " of arity 2", frame(number(operation), CALLER));
            assertMalformed(
                    "operation " + operation + " of arity 6",
                    frame(number(operation), CALLER, CALLER, CALLER, CALLER, CALLER));
        }
    }

    @Test
    void elementsThatCannotBeRead() {
        byte[] whole = frame(number(2), atom(""), SELF);
        assertMalformed("a malformed control message: truncated", Arrays.copyOf(whole, 7));
        Control.ProtocolException noPid =
                assertThrows(Control.ProtocolException.class, () -> parse(frame(number(2), atom(""), atom("x"))));
        assertEquals(0, noPid.getMessage().indexOf("a malformed control message: "), noPid.getMessage());
    }
}
