package io.llamanode.transport;

import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpErlangPid;
import com.ericsson.otp.erlang.OtpErlangRef;
import io.llamanode.delivery.Outbound;
import io.llamanode.delivery.RequestHandler;
import io.llamanode.protocol.ProcessOwner;
import io.llamanode.protocol.ReplyEncoder;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.Owner;
import io.llamanode.service.contract.OwnerMonitor;
import io.llamanode.term.Shown;
import io.llamanode.transport.dist.DistConfig;
import io.llamanode.transport.dist.DistHandler;
import io.llamanode.transport.dist.DistNode;
import io.llamanode.transport.dist.DistStartException;
import io.llamanode.transport.dist.ProcessMonitor;
import io.llamanode.transport.mailbox.From;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Joins a node of the Erlang distribution to a {@link RequestHandler}.
 *
 * <p>For any thread; what it hears comes on the threads of the connections and of the dispatcher.
 */
public final class DistEndpoint implements DistHandler, Outbound, OwnerMonitor, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DistEndpoint.class);

    private static final Failure NO_PROCESS = new Failure(
            ErrorCode.UNSUPPORTED,
            "this mailbox is no process of an Erlang runtime: it takes no system messages; to end the node, end the server "
                    + "that owns it, or the service by 'bin/llama-node stop'");

    private volatile @Nullable RequestHandler handler;
    /** Completed by {@link #open}; the first requests can come while the node is still being made. */
    private final CompletableFuture<DistNode> node = new CompletableFuture<>();

    /** An endpoint that is not open yet. */
    public DistEndpoint() {}

    /**
     * Opens the node: from here on its requests are answered.
     *
     * @param config name, cookie, addresses
     * @param requests answers them; made with this endpoint as its {@link Outbound}
     * @throws DistStartException if the name is taken, epmd is absent or the address cannot be bound
     */
    public void open(DistConfig config, RequestHandler requests) throws DistStartException {
        handler = requests;
        DistNode opened = DistNode.start(config, this, requests.account());
        node.complete(opened);
    }

    /** {@return the port that the node listens on; only once it is open} */
    public int port() {
        return node.join().port();
    }

    @Override
    public void onCall(From from, OtpErlangObject request) {
        Objects.requireNonNull(handler)
                .call(
                        new ProcessOwner(from.pid()),
                        from.alias(),
                        from.weight(),
                        request,
                        answer -> reply(from, answer));
    }

    @Override
    public void onSystem(From from) {
        reply(from, ReplyEncoder.error(NO_PROCESS));
    }

    @Override
    public void onGivenUp(OtpErlangRef alias) {
        Objects.requireNonNull(handler).giveUp(alias);
    }

    @Override
    public void onBadCall(From from, String reason) {
        LOG.warn("a call of {} is refused: {}", from.pid(), reason);
        reply(from, ReplyEncoder.error(new Failure(ErrorCode.INVALID_ARGUMENT, "request: " + reason)));
    }

    @Override
    public void onBusyCall(From from, String reason) {
        LOG.warn("a call of {} is refused: {}", from.pid(), reason);
        reply(from, ReplyEncoder.error(new Failure(ErrorCode.SERVER_BUSY, reason)));
    }

    private void reply(From from, OtpErlangObject answer) {
        node.join().reply(from, answer);
    }

    @Override
    public void onCast(OtpErlangObject request) {
        Objects.requireNonNull(handler).cast(request);
    }

    @Override
    public void onOther(OtpErlangObject message) {
        LOG.warn("a message that is no request is dropped: {}", Shown.of(message));
    }

    @Override
    public void send(OtpErlangPid to, OtpErlangPid behind, OtpErlangObject message) {
        node.join().send(to, behind, message);
    }

    @Override
    public void send(OtpErlangRef to, OtpErlangPid behind, OtpErlangObject message) {
        node.join().send(to, behind, message);
    }

    @Override
    public boolean offer(OtpErlangPid to, Supplier<@Nullable OtpErlangObject> message, int weight, Runnable room) {
        return node.join().offer(to, message, weight, room);
    }

    @Override
    public void flush() {
        node.join().flush();
    }

    @Override
    public Watch watch(Owner owner, Runnable down) {
        ProcessMonitor monitor = node.join().monitor(((ProcessOwner) owner).pid(), down);
        return monitor::demonitor;
    }

    @Override
    public void close() {
        if (node.isDone()) {
            node.join().close();
        }
    }
}
