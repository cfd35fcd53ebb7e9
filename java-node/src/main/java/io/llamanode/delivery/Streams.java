package io.llamanode.delivery;

import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpErlangPid;
import io.llamanode.account.Holding;
import io.llamanode.account.MemoryAccount;
import io.llamanode.protocol.Demand;
import io.llamanode.protocol.ProcessOwner;
import io.llamanode.protocol.Request;
import io.llamanode.service.LlamaService;
import io.llamanode.service.contract.Continued;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.Owner;
import io.llamanode.service.contract.OwnerMonitor;
import io.llamanode.service.contract.OwnerMonitor.Watch;
import io.llamanode.service.contract.Reply;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The streams whose terminal event was not sent yet, and what they share. */
final class Streams {
    /** Characters of one stream that may wait; the system property {@code llamanode.stream.waiting} sets another number. */
    static final int MOST_WAITING = Integer.getInteger("llamanode.stream.waiting", 1 << 20);
    /** Bytes of an event beside its text, about. */
    private static final int FRAME_BYTES = 128;
    /** Characters that a buffer keeps room for once it is empty. */
    static final int KEPT_CAPACITY = 4 << 10;

    private final LlamaService service;
    private final Outbound outbound;
    /** One object, so that all streams of a step have it run once. */
    private final Runnable flush;

    private final OwnerMonitor monitor;
    private final Map<Long, StreamDelivery> byTask = new ConcurrentHashMap<>();
    /** By the calls that began them. */
    private final Map<CallAlias, Long> byCall = new ConcurrentHashMap<>();

    private final Map<Long, CallAlias> calls = new ConcurrentHashMap<>();
    /** Its thread starts with the first stream that joins chunks by time. */
    private final ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().daemon().name("stream-timer").factory());

    Streams(LlamaService service, Outbound outbound, OwnerMonitor monitor) {
        this.service = service;
        this.outbound = outbound;
        this.flush = outbound::flush;
        this.monitor = monitor;
    }

    Outbound outbound() {
        return outbound;
    }

    /** Offers a message, with all others that are handed out together. {@return whether it was taken} */
    boolean offer(OtpErlangPid to, Supplier<@Nullable OtpErlangObject> message, int characters, Runnable room) {
        int weight = (int) Math.min(Integer.MAX_VALUE, FRAME_BYTES + 2L * characters);
        boolean taken = outbound.offer(to, message, weight, room);
        LlamaService.afterEvents(flush);
        return taken;
    }

    /**
     * Starts a stream; the reply is told its id before any of its events is sent.
     *
     * @param call that begins it, if it can be given up
     */
    void start(Owner caller, @Nullable CallAlias call, Owner sink, Request.Stream request, Reply<Long> reply) {
        StreamDelivery delivery = new StreamDelivery(this, request);
        service.stream(caller, sink, delivery, request.sessionId(), request.input(), new Continued<Long>(reply) {
            @Override
            public void ok(@Nullable Long id) {
                byTask.put(Objects.requireNonNull(id), delivery);
                if (call != null) {
                    calls.put(id, call);
                    byCall.put(call, id);
                }
                reply.ok(id);
            }
        });
    }

    /** {@return whether there is such a stream} */
    boolean ask(long taskId, Demand demand) {
        StreamDelivery delivery = byTask.get(taskId);
        if (delivery != null) {
            delivery.ask(demand);
        }
        return delivery != null;
    }

    /** Ends a stream whose task has ended already. {@return whether there is one} */
    boolean cancelIfLingering(long taskId) {
        StreamDelivery delivery = byTask.get(taskId);
        return delivery != null && delivery.cancelIfLingering();
    }

    /** Ends a stream whose id its caller did not wait for; nothing if there is none of this call. */
    void cancel(CallAlias call) {
        Long taskId = byCall.get(call);
        if (taskId != null) {
            cancel(taskId);
        }
    }

    void remove(long taskId) {
        byTask.remove(taskId);
        CallAlias call = calls.remove(taskId);
        if (call != null) {
            byCall.remove(call);
        }
    }

    /** {@return what the text of a stream that waits for a process is charged to} */
    Holding holding(ProcessOwner process) {
        return service.account().open(MemoryAccount.Kind.STREAM, process, process.peer());
    }

    void cancel(long taskId) {
        service.cancelTask(taskId, new Reply<>() {
            @Override
            public void ok(@Nullable Void nothing) {}

            @Override
            public void failed(Failure failure) {
                // It has ended by itself, and its text may still wait.
                cancelIfLingering(taskId);
            }
        });
    }

    void after(long nanos, Runnable action) {
        timer.schedule(action, nanos, TimeUnit.NANOSECONDS);
    }

    Watch watch(Owner owner, Runnable down) {
        return monitor.watch(owner, down);
    }
}
