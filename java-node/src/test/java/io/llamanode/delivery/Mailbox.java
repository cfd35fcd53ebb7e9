package io.llamanode.delivery;

import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpErlangPid;
import com.ericsson.otp.erlang.OtpErlangRef;
import io.llamanode.term.LateTerm;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Takes every message at once, whoever it is for. */
final class Mailbox implements Outbound {
    /** A message and who gets it, a process or an alias. */
    record Sent(OtpErlangObject to, OtpErlangObject message) {}

    private final BlockingQueue<Sent> sent = new LinkedBlockingQueue<>();
    /** That of the last message that was offered. */
    volatile int weight;
    /** How often it was told to send what was offered. */
    final AtomicInteger flushes = new AtomicInteger();
    /** Looks at each message before it arrives, if set. */
    volatile Consumer<Sent> watcher;
    /** What the next message that is offered meets with, if set. */
    volatile RuntimeException defect;

    @Override
    public void send(OtpErlangPid to, OtpErlangPid behind, OtpErlangObject message) {
        arrive(new Sent(to, made(message)));
    }

    @Override
    public void send(OtpErlangRef to, OtpErlangPid behind, OtpErlangObject message) {
        arrive(new Sent(to, made(message)));
    }

    /** {@return the message as the connection's writer makes it} */
    static OtpErlangObject made(OtpErlangObject message) {
        return message instanceof LateTerm late ? late.made() : message;
    }

    private void arrive(Sent message) {
        if (watcher != null) {
            watcher.accept(message);
        }
        sent.add(message);
    }

    @Override
    public boolean offer(OtpErlangPid to, Supplier<OtpErlangObject> message, int weight, Runnable room) {
        if (defect != null) {
            throw defect;
        }
        this.weight = weight;
        send(to, message.get());
        return true;
    }

    @Override
    public void flush() {
        flushes.incrementAndGet();
    }

    /** {@return the next message; waits for it} */
    Sent next() throws InterruptedException {
        Sent next = sent.poll(30, TimeUnit.SECONDS);
        if (next == null) {
            throw new AssertionError("no message");
        }
        return next;
    }

    boolean isEmpty() {
        return sent.isEmpty();
    }
}
