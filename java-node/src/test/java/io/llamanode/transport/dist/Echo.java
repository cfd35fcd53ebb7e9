package io.llamanode.transport.dist;

import com.ericsson.otp.erlang.OtpErlangAtom;
import com.ericsson.otp.erlang.OtpErlangBinary;
import com.ericsson.otp.erlang.OtpErlangInt;
import com.ericsson.otp.erlang.OtpErlangLong;
import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpErlangPid;
import com.ericsson.otp.erlang.OtpErlangTuple;
import io.llamanode.transport.mailbox.From;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * The service under test: {@code ping} is {@code pong}, {@code hold} is never answered by itself,
 * {@code {monitor, Pid}} reports the end of a process, {@code {flood, Pid, Count, Bytes}} sends much, and any
 * other request is its own answer. What happens is told to {@link #events}.
 */
final class Echo implements DistHandler {
    final LinkedBlockingQueue<String> events = new LinkedBlockingQueue<>();
    final LinkedBlockingQueue<From> held = new LinkedBlockingQueue<>();
    volatile DistNode node;
    /** What {@code wait} waits for, on the thread that calls; it is not answered. */
    volatile CountDownLatch gate;

    volatile ProcessMonitor monitor;

    @Override
    public void onCall(From from, OtpErlangObject request) {
        if (request instanceof OtpErlangTuple tuple && tuple.elementAt(0) instanceof OtpErlangAtom name) {
            switch (name.atomValue()) {
                case "monitor" -> {
                    OtpErlangPid pid = (OtpErlangPid) tuple.elementAt(1);
                    monitor = node.monitor(pid, () -> events.add("process down"));
                }
                case "flood" -> {
                    OtpErlangPid pid = (OtpErlangPid) tuple.elementAt(1);
                    long count = ((OtpErlangLong) tuple.elementAt(2)).longValue();
                    OtpErlangObject chunk =
                            new OtpErlangBinary(new byte[(int) ((OtpErlangLong) tuple.elementAt(3)).longValue()]);
                    for (int i = 0; i < count; i++) {
                        node.send(pid, new OtpErlangTuple(new OtpErlangObject[] {new OtpErlangInt(i), chunk}));
                    }
                }
                case "fail" -> throw new IllegalStateException("asked to fail");
                default -> {}
            }
        }
        String text = request instanceof OtpErlangAtom atom ? atom.atomValue() : "";
        switch (text) {
            case "ping" -> node.reply(from, new OtpErlangAtom("pong"));
            case "hold" -> held.add(from);
            case "wait" -> {
                events.add("waiting");
                try {
                    gate.await();
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            }
            default -> node.reply(from, request);
        }
    }

    @Override
    public void onCast(OtpErlangObject request) {
        events.add("cast " + request);
    }

    @Override
    public void onBadCall(From from, String reason) {
        node.reply(from, new OtpErlangTuple(new OtpErlangObject[] {
            new OtpErlangAtom("bad"), new OtpErlangBinary(reason.getBytes(java.nio.charset.StandardCharsets.UTF_8))
        }));
    }

    @Override
    public void onOther(OtpErlangObject message) {
        events.add("other " + message);
    }

    @Override
    public void onPeerUp(String peer) {
        events.add("up " + peer);
    }

    @Override
    public void onPeerDown(String peer) {
        events.add("down " + peer);
    }

    /** Waits for an event and skips others. */
    void await(String event) throws InterruptedException {
        while (!events.take().equals(event)) {
            continue;
        }
    }

    static DistNode start(DistConfig config, Echo echo) throws DistStartException {
        DistNode node = DistNode.start(config, echo);
        echo.node = node;
        return node;
    }
}
