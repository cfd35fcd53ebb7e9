package io.llamanode.transport.mailbox;

import static io.llamanode.transport.TestTerms.CALLER;
import static io.llamanode.transport.TestTerms.TAG;
import static io.llamanode.transport.TestTerms.atom;
import static io.llamanode.transport.TestTerms.call;
import static io.llamanode.transport.TestTerms.cast;
import static io.llamanode.transport.TestTerms.external;
import static io.llamanode.transport.TestTerms.tuple;
import static io.llamanode.transport.TestTerms.undecodable;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.ericsson.otp.erlang.OtpErlangBinary;
import com.ericsson.otp.erlang.OtpErlangLong;
import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpErlangPid;
import com.ericsson.otp.erlang.OtpErlangRef;
import io.llamanode.term.TermLimits;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a message becomes. The handler is called by the thread that brings it, as nothing else runs. */
@Timeout(60)
final class ReceiverTest {
    private final Dispatcher dispatcher = new Dispatcher("test-dispatch", new Budget(1 << 20));
    private final Dispatcher.Source source = dispatcher.source("b@localhost");
    private final LongAdder dropped = new LongAdder();
    private final Receiver receiver = new Receiver(dispatcher, TermLimits.DEFAULT, dropped);
    private final List<String> heard = new ArrayList<>();

    private final MailboxHandler handler = new MailboxHandler() {
        @Override
        public void onCall(From from, OtpErlangObject request) {
            heard.add("call " + from(from) + request);
        }

        @Override
        public void onCast(OtpErlangObject request) {
            heard.add("cast " + request);
        }

        @Override
        public void onBadCall(From from, String reason) {
            heard.add("bad call " + from(from) + reason);
        }

        @Override
        public void onSystem(From from) {
            heard.add("system " + from(from));
        }

        @Override
        public void onGivenUp(OtpErlangRef alias) {
            heard.add("given up " + alias.equals(TAG));
        }

        @Override
        public void onOther(OtpErlangObject message) {
            heard.add("other " + message);
        }

        private String from(From from) {
            return from.pid().equals(CALLER) && from.tag().equals(TAG) ? "of the caller: " : "of " + from + ": ";
        }
    };

    @BeforeEach
    void start() {
        dispatcher.start();
    }

    @AfterEach
    void close() {
        dispatcher.close();
    }

    private List<String> heard(byte[] message) throws InterruptedException {
        heard.clear();
        receiver.receive(source, () -> "p", message, 0, handler);
        return heard;
    }

    private void assertDropped(byte[] message) throws InterruptedException {
        long before = dropped.sum();
        assertEquals(List.of(), heard(message));
        assertEquals(before + 1, dropped.sum());
    }

    @Test
    void callsCastsAndOtherMessages() throws Exception {
        assertEquals(List.of("call of the caller: ping"), heard(call(atom("ping"))));
        assertEquals(List.of("cast ping"), heard(external(tuple(atom("$gen_cast"), atom("ping")))));
        for (OtpErlangObject other : List.of(
                atom("ping"),
                tuple(),
                tuple(atom("$gen_cast")),
                tuple(atom("$gen_call"), atom("x")),
                tuple(atom("$gen_cast"), atom("x"), atom("y")),
                tuple(atom("$gen_call"), tuple(CALLER, TAG), atom("x"), atom("y")),
                tuple(new OtpErlangLong(1), atom("x")))) {
            assertEquals(List.of("other " + other), heard(external(other)));
        }
        assertEquals(0, dropped.sum());
    }

    /** As {@code sys} and {@code gen_server:stop} send them, whatever they ask for. */
    @Test
    void systemMessagesNameTheirCaller() throws Exception {
        assertEquals(
                List.of("system of the caller: "),
                heard(external(tuple(atom("system"), tuple(CALLER, TAG), atom("get_status")))));
        assertDropped(external(tuple(atom("system"), atom("x"), atom("get_status"))));
    }

    /** One process may send what another one says; and a call that was given up must have been heard of before. */
    @Test
    void whatAProcessSaysStaysInOrderWhoeverSendsIt() throws Exception {
        Dispatcher idle = new Dispatcher("idle", new Budget(1 << 20));
        Dispatcher.Source peer = idle.source("b@localhost");
        Receiver waiting = new Receiver(idle, TermLimits.DEFAULT, dropped);
        byte[] pid = external(CALLER);
        String caller = Receiver.raw(pid, 1, TermLimits.DEFAULT);
        for (int i = 0; i < 20; i++) {
            waiting.receive(peer, () -> "the writer", call(new OtpErlangLong(i)), 0, handler);
        }
        waiting.receive(peer, () -> caller, call(atom("last")), 0, handler);
        waiting.receive(peer, () -> "x", external(tuple(atom("$gen_cast"), CALLER, atom("cast"))), 0, handler);
        waiting.receiveGivenUp(peer, () -> caller, TAG, 50, handler);
        idle.start();
        idle.close();
        assertEquals(23, heard.size());
        assertEquals(
                List.of("call of the caller: 19", "call of the caller: last", "cast cast", "given up true"),
                heard.subList(19, 23));
    }

    @Test
    void aMessageStandsAtTheEndOfItsFrame() throws Exception {
        byte[] message = call(atom("ping"));
        byte[] frame = new byte[3 + message.length];
        System.arraycopy(message, 0, frame, 3, message.length);
        receiver.receive(source, () -> "p", frame, 3, handler);
        assertEquals(List.of("call of the caller: ping"), heard);
        receiver.receive(source, () -> "p", frame, frame.length, handler);
        receiver.receive(source, () -> "p", frame, 0, handler);
        assertEquals(2, dropped.sum());
    }

    @Test
    void aCallThatCannotBeReadIsAnswered() throws Exception {
        assertEquals(
                List.of("bad call of the caller: compressed terms are refused"),
                heard(call(new byte[] {80, 0, 0, 0, 1, 0})));
        assertEquals(
                List.of("bad call of the caller: bytes after the end of the term"),
                heard(call(new byte[] {97, 1, 97, 1})));
        assertEquals(List.of("bad call of the caller: truncated"), heard(call(new byte[0])));
        List<String> undecodable = heard(call(undecodable()));
        assertTrue(
                undecodable.getFirst().startsWith("bad call of the caller: undecodable: Invalid float"),
                undecodable.toString());
        assertEquals(0, dropped.sum());
    }

    @Test
    void whatNobodyWaitsForIsDroppedAndCounted() throws Exception {
        assertDropped(new byte[0]);
        assertDropped(new byte[] {(byte) 130, 97, 1});
        assertDropped(new byte[] {(byte) 131, 97});
        assertDropped(new byte[] {(byte) 131, 97, 1, 0});
        assertDropped(cast(new byte[] {80, 0, 0, 0, 1, 0}));
        assertDropped(cast(undecodable()));
        byte[] other = new byte[33];
        other[0] = (byte) 131;
        System.arraycopy(undecodable(), 0, other, 1, 32);
        assertDropped(other);
    }

    @Test
    void soIsACallOfNoProcess() throws Exception {
        for (OtpErlangObject from :
                List.of(atom("x"), tuple(CALLER), tuple(CALLER, TAG, TAG), tuple(TAG, CALLER), tuple(atom("x"), TAG))) {
            assertDropped(external(tuple(atom("$gen_call"), from, atom("ping"))));
        }
    }

    /** What waits holds its whole frame. */
    @Test
    void aMessageCountsForTheBytesOfItsFrame() throws Exception {
        Dispatcher idle = new Dispatcher("idle", new Budget(1 << 20));
        Receiver waiting = new Receiver(idle, TermLimits.DEFAULT, dropped);
        byte[] message = call(new OtpErlangBinary(new byte[1000]));
        waiting.receive(idle.source("b@localhost"), () -> "p", message, 0, handler);
        assertEquals(message.length + Dispatcher.OVERHEAD, idle.queuedBytes());
    }

    @Test
    void whatIsNoRequestIsNotTaken() throws Exception {
        assertTrue(receiver.receiveRequest(source, call(atom("ping")), handler));
        assertTrue(receiver.receiveRequest(source, cast(new byte[] {97, 1}), handler));
        assertEquals(List.of("call of the caller: ping", "cast 1"), heard);
        assertFalse(receiver.receiveRequest(source, external(atom("stop")), handler));
        assertFalse(receiver.receiveRequest(
                source, external(tuple(atom("system"), tuple(CALLER, TAG), atom("suspend"))), handler));
        assertFalse(receiver.receiveRequest(source, external(tuple(atom("down"), new OtpErlangLong(1))), handler));
        assertFalse(receiver.receiveRequest(source, new byte[] {97, 1}, handler));
        assertFalse(receiver.receiveRequest(source, new byte[] {(byte) 131, 104, 2, 119}, handler));
        assertEquals(2, heard.size());
        assertEquals(0, dropped.sum(), "it is left to another");
    }

    private List<String> refused(byte[] beginning) throws InterruptedException {
        heard.clear();
        receiver.refuse(source, () -> "p", beginning, 0, new FrameReader.Refusal(false, "too long"), handler);
        return heard;
    }

    @Test
    void aLongCallIsAnsweredByItsBeginning() throws Exception {
        byte[] message = call(new OtpErlangBinary(new byte[1000]));
        byte[] beginning = Arrays.copyOf(message, message.length - 999);
        assertEquals(List.of("bad call of the caller: too long"), refused(beginning));
        assertEquals(0, dropped.sum());
    }

    @Test
    void oneForWhichThereWasNoMemoryIsToldApart() throws Exception {
        List<String> busy = new ArrayList<>();
        receiver.refuseRequest(
                source, call(atom("ping")), new FrameReader.Refusal(true, "no memory"), new MailboxHandler() {
                    @Override
                    public void onCall(From from, OtpErlangObject request) {}

                    @Override
                    public void onCast(OtpErlangObject request) {}

                    @Override
                    public void onBadCall(From from, String reason) {}

                    @Override
                    public void onBusyCall(From from, String reason) {
                        busy.add(from.pid() + " " + reason);
                    }
                });
        assertEquals(List.of(CALLER + " no memory"), busy);
    }

    @Test
    void aCastMayTellItsSender() throws Exception {
        assertEquals(List.of("cast ping"), heard(external(tuple(atom("$gen_cast"), CALLER, atom("ping")))));
        assertTrue(receiver.receiveRequest(source, external(tuple(atom("$gen_cast"), CALLER, atom("pong"))), handler));
        assertEquals(List.of("cast ping", "cast pong"), heard);
    }

    /** Calls and casts of one process stay in order, whatever others have sent before. */
    @Test
    void overThePortSendersAreKnownByTheProcessInTheMessage() throws Exception {
        Dispatcher waiting = new Dispatcher("waiting", new Budget(16 << 20));
        Dispatcher.Source port = waiting.source("the port");
        Receiver ofPort = new Receiver(waiting, TermLimits.DEFAULT, dropped);
        OtpErlangPid other = new OtpErlangPid("a@b", 9, 9, 9);
        for (int i = 0; i < 100; i++) {
            ofPort.receiveRequest(port, external(tuple(atom("$gen_cast"), other, atom("flood"))), handler);
        }
        ofPort.receiveRequest(port, external(tuple(atom("$gen_cast"), CALLER, atom("first"))), handler);
        ofPort.receiveRequest(port, call(atom("second")), handler);
        ofPort.receiveRequest(port, external(tuple(atom("$gen_cast"), CALLER, atom("third"))), handler);
        waiting.start();
        waiting.close();
        assertEquals(103, heard.size());
        assertTrue(heard.indexOf("cast third") < 10, heard.subList(0, 20).toString());
        assertTrue(heard.indexOf("cast first") < heard.indexOf("call of the caller: second"));
        assertTrue(heard.indexOf("call of the caller: second") < heard.indexOf("cast third"));
    }

    @Test
    void anyOtherLongMessageIsDroppedAndCounted() throws Exception {
        byte[] message = call(atom("ping"));
        for (byte[] beginning : List.of(
                new byte[0],
                Arrays.copyOf(message, 20),
                cast(new byte[] {97}),
                external(tuple(atom("x"), atom("y"))),
                external(atom("x")))) {
            long before = dropped.sum();
            assertEquals(List.of(), refused(beginning));
            assertEquals(before + 1, dropped.sum());
        }
    }
}
