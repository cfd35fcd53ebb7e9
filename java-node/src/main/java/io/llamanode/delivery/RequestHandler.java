package io.llamanode.delivery;

import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpErlangRef;
import io.llamanode.account.Holding;
import io.llamanode.account.MemoryAccount;
import io.llamanode.account.Weight;
import io.llamanode.protocol.ConstraintEncoder;
import io.llamanode.protocol.Delivery;
import io.llamanode.protocol.ProcessOwner;
import io.llamanode.protocol.ReplyEncoder;
import io.llamanode.protocol.Request;
import io.llamanode.protocol.RequestDecoder;
import io.llamanode.service.LlamaService;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.OwnerMonitor;
import io.llamanode.service.contract.Reply;
import io.llamanode.service.contract.model.ModelConfig;
import io.llamanode.service.contract.task.OutputFormat;
import io.llamanode.service.contract.task.StructureOptions;
import io.llamanode.service.contract.task.TaskInput;
import io.llamanode.service.contract.task.TokenText;
import io.llamanode.service.model.ModelLoader;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns requests of any transport into calls of the service, and what the service answers into
 * terms. Never blocks.
 */
public final class RequestHandler {
    private static final Logger LOG = LoggerFactory.getLogger(RequestHandler.class);

    /** A call that waits: what it waits for, its place in maps, the watch of its process; bytes. */
    private static final long CALL = 1 << 10;

    private final LlamaService service;
    private final Outbound outbound;
    private final Streams streams;
    private final String node;
    private final LoadListener loads;
    private final Calls calls = new Calls();

    /** Hears how far models are loaded. */
    @FunctionalInterface
    public interface LoadListener {
        /**
         * Hears that a load has come further; called on the thread that loads.
         *
         * @param path of the model
         * @param fraction from 0 to 1
         */
        void at(Path path, float fraction);
    }

    /**
     * Answers requests with what a service gives. Nothing is started yet.
     *
     * @param service does the work
     * @param outbound carries the events
     * @param owners watches the processes that events go to
     * @param node full name of this node, for the status
     * @param loads hears how far requested models are loaded
     */
    public RequestHandler(
            LlamaService service, Outbound outbound, OwnerMonitor owners, String node, LoadListener loads) {
        this.service = service;
        this.outbound = outbound;
        this.streams = new Streams(service, outbound, owners);
        this.node = node;
        this.loads = loads;
    }

    /** {@return where memory is counted that requests take} */
    public MemoryAccount account() {
        return service.account();
    }

    /**
     * Answers a call whose caller can give up.
     *
     * @param caller the process that waits, which owns what the request makes
     * @param alias that its answer goes to, or {@code null} if it goes to the process
     * @param held bytes that are kept for the answer, such as what it is marked with
     * @param term the request as it came
     * @param answer takes the answer, on any thread, exactly once, unless the caller gives up or ends before
     */
    public void call(
            ProcessOwner caller,
            @Nullable OtpErlangRef alias,
            long held,
            OtpErlangObject term,
            Consumer<OtpErlangObject> answer) {
        Calls.Call reply = calls.begin(alias, answer);
        try {
            Request request = RequestDecoder.decode(term);
            charge(caller, held, request, reply);
            handle(caller, request, reply);
        } catch (FailureException e) {
            reply.accept(ReplyEncoder.error(e.failure()));
        } catch (RuntimeException | Error e) {
            reply.accept(ReplyEncoder.error(Late.unknown(e)));
        }
    }

    /**
     * A caller has given up: what only it waits for ends. What its request has made or changed stays as it is, but for a
     * stream, whose events nobody could tell.
     *
     * @param alias that it was to be answered at
     */
    public void giveUp(OtpErlangRef alias) {
        calls.giveUp(alias);
    }

    /**
     * Does what a cast asks for, if it is something that needs no answer.
     *
     * @param term the request as it came
     */
    public void cast(OtpErlangObject term) {
        OtpErlangRef overdue = RequestDecoder.givenUp(term);
        if (overdue != null) {
            // Said only by a caller that has no answer, though there may be one that is late.
            giveUp(overdue);
            streams.cancel(CallAlias.of(overdue));
            return;
        }
        Calls.Call nobody = calls.begin(null, answer -> {});
        try {
            switch (RequestDecoder.decode(term)) {
                case Request.CancelTask(long id) -> cancel(id, nobody);
                case Request.Active active -> active(active, nobody);
                case Request.CloseSession(long id) -> service.sessions().close(id, done(nobody));
                case Request other ->
                    LOG.warn(
                            "a cast of {} is refused: nobody could use it",
                            other.getClass().getSimpleName());
            }
        } catch (FailureException e) {
            LOG.warn("a cast is refused: {}", e.failure().message());
        } catch (RuntimeException | Error e) {
            LOG.error("a cast failed", e);
        }
    }

    /**
     * Charges a call to its process until it is answered. What it brings for a session, a task or a computation is charged
     * to these.
     *
     * @throws FailureException {@code server_busy} if the process holds too much; what gives memory back is not refused
     */
    private void charge(ProcessOwner caller, long held, Request request, Calls.Call reply) {
        Holding holding = service.account().open(MemoryAccount.Kind.CALL, caller, caller.peer());
        reply.whenOver(holding::release);
        switch (request) {
            // Answered within the call.
            case Request.Ping _,
                    Request.GetStatus _,
                    Request.ListModels _,
                    Request.ListAdapters _,
                    Request.CreateSession _,
                    Request.UpdateSession _,
                    Request.GetSessionInfo _,
                    Request.ForkSession _,
                    Request.CheckpointSession _,
                    Request.RewindSession _,
                    Request.Active _ -> {}
            case Request.CloseSession _, Request.CancelTask _ -> holding.set(CALL + held);
            case Request.CreateTask _,
                    Request.Run _,
                    Request.Stream _,
                    Request.StreamToCaller _,
                    Request.GetResult _,
                    Request.ClearCache _,
                    Request.EstimateTask _,
                    Request.Tokenize _,
                    Request.CountTokens _,
                    Request.Detokenize _,
                    Request.ApplyTemplate _,
                    Request.CheckSchema _,
                    Request.Match _,
                    Request.InspectModel _ -> hold(holding, CALL + held);
            case Request.LoadModel _, Request.UnloadModel _, Request.LoadAdapter _, Request.UnloadAdapter _ ->
                hold(holding, CALL + held + Weight.of(request));
        }
    }

    private static void hold(Holding holding, long bytes) {
        String why = holding.grow(bytes);
        if (why != null) {
            throw FailureException.busy(why);
        }
    }

    private void handle(ProcessOwner caller, Request request, Calls.Call reply) {
        switch (request) {
            case Request.Ping() -> reply.accept(ReplyEncoder.PONG);
            case Request.GetStatus() -> reply.accept(ReplyEncoder.ok(ReplyEncoder.status(node, service.status())));
            case Request.LoadModel load -> service.loadModel(caller, load.config(), progress(load), done(reply));
            case Request.UnloadModel(String id) -> service.unloadModel(id, done(reply));
            case Request.ListModels() ->
                reply.accept(ReplyEncoder.models(service.models().list()));
            case Request.InspectModel(ModelConfig config) ->
                service.models().inspect(caller, config, prepared(reply, ReplyEncoder::inspection));
            case Request.CreateSession create ->
                reply.accept(ReplyEncoder.ok(service.sessions().create(caller, create.config())));
            case Request.UpdateSession(long id, var change) -> {
                service.sessions().update(id, change);
                reply.accept(ReplyEncoder.OK);
            }
            case Request.CloseSession(long id) -> service.sessions().close(id, done(reply));
            case Request.GetSessionInfo(long id) ->
                reply.accept(ReplyEncoder.ok(
                        ReplyEncoder.sessionInfo(service.sessions().info(id))));
            case Request.LoadAdapter(var config) -> service.adapters().load(caller, config, done(reply));
            case Request.UnloadAdapter(String id, String model) ->
                service.adapters().unload(id, model, done(reply));
            case Request.ListAdapters() ->
                reply.accept(
                        ReplyEncoder.ok(ReplyEncoder.adapters(service.adapters().list())));
            case Request.ForkSession(long id) ->
                reply.accept(ReplyEncoder.ok(service.sessions().fork(caller, id)));
            case Request.CheckpointSession(long id) ->
                reply.accept(ReplyEncoder.ok(service.sessions().checkpoint(id)));
            case Request.RewindSession(long id, long checkpoint) -> {
                service.sessions().rewind(id, checkpoint);
                reply.accept(ReplyEncoder.OK);
            }
            case Request.ClearCache(long id, boolean keep) -> {
                if (id == 0) {
                    service.caches().clearAll(caller, keep, done(reply));
                } else {
                    service.caches().clear(caller, id, keep, done(reply));
                }
            }
            case Request.EstimateTask(long id, TaskInput input) ->
                service.estimates()
                        .ask(
                                caller,
                                id,
                                input,
                                told(
                                        reply,
                                        estimate -> Late.small(
                                                estimate, all -> ReplyEncoder.ok(ReplyEncoder.estimate(all)))));
            case Request.CreateTask create -> service.createTask(caller, create.sessionId(), create.input(), id(reply));
            case Request.GetResult get ->
                service.getResult(caller, get.taskId(), get.timeoutMs(), told(reply, Late::answer));
            case Request.Stream stream -> stream(caller, stream, reply);
            case Request.StreamToCaller(long id, TaskInput input, Delivery delivery) ->
                stream(caller, new Request.Stream(id, input, caller.pid(), null, delivery), reply);
            case Request.Active active -> active(active, reply);
            case Request.CancelTask(long id) -> cancel(id, reply);
            case Request.Run run -> service.run(caller, run.input(), told(reply, Late::answer));
            case Request.Tokenize tokenize -> tokenize(caller, tokenize, reply);
            case Request.CountTokens(TokenText text) ->
                service.models()
                        .countTokens(caller, text, prepared(reply, count -> ReplyEncoder.ok(count.longValue())));
            case Request.Detokenize detokenize ->
                service.models()
                        .detokenize(
                                caller,
                                detokenize.model(),
                                detokenize.tokens(),
                                detokenize.special(),
                                prepared(reply, ReplyEncoder::ok));
            case Request.ApplyTemplate apply ->
                service.models().applyTemplate(caller, apply.templating(), prepared(reply, ReplyEncoder::ok));
            case Request.CheckSchema(String schema) ->
                service.checks().schema(caller, schema, prepared(reply, ConstraintEncoder::schema));
            case Request.Match(OutputFormat format, StructureOptions structure, String text) ->
                service.checks().match(caller, format, structure, text, prepared(reply, ConstraintEncoder::match));
        }
    }

    private void tokenize(ProcessOwner caller, Request.Tokenize tokenize, Calls.Call reply) {
        if (tokenize.withPieces()) {
            service.models().pieces(caller, tokenize.text(), prepared(reply, ReplyEncoder::ok));
        } else {
            service.models().tokenize(caller, tokenize.text(), prepared(reply, ReplyEncoder::ok));
        }
    }

    /** A model of many tensors reports more often than anybody wants to know: a caller hears of whole percents. */
    private ModelLoader.LoadProgress progress(Request.LoadModel load) {
        Path path = load.config().path();
        AtomicInteger percent = new AtomicInteger(-1);
        return fraction -> {
            loads.at(path, fraction);
            int reached = (int) (fraction * 100);
            if (load.progress() != null && percent.getAndSet(reached) != reached) {
                outbound.send(load.progress(), ReplyEncoder.progress(path.toString(), fraction));
            }
        };
    }

    private void stream(ProcessOwner caller, Request.Stream stream, Calls.Call reply) {
        streams.start(caller, reply.alias(), new ProcessOwner(stream.sink()), stream, id(reply));
    }

    private void active(Request.Active request, Consumer<OtpErlangObject> reply) {
        reply.accept(
                streams.ask(request.taskId(), request.demand())
                        ? ReplyEncoder.OK
                        : ReplyEncoder.error(new Failure(
                                ErrorCode.TASK_NOT_FOUND, "there is no stream %d".formatted(request.taskId()))));
    }

    /** The task of a stream may have ended while its text still waits. */
    private void cancel(long taskId, Calls.Call reply) {
        service.cancelTask(taskId, new Reply<>() {
            @Override
            public void ok(@Nullable Void nothing) {
                reply.accept(Late.ok());
            }

            @Override
            public void failed(Failure failure) {
                reply.accept(streams.cancelIfLingering(taskId) ? Late.ok() : Late.error(failure));
            }

            @Override
            public void whenGivenUp(Runnable undo) {
                reply.whenGivenUp(undo);
            }

            @Override
            public void abandoned() {
                reply.end();
            }
        });
    }

    private static Reply<Void> done(Calls.Call reply) {
        return told(reply, nothing -> Late.ok());
    }

    private static Reply<Long> id(Calls.Call reply) {
        return told(reply, id -> Late.small(id, ReplyEncoder::ok));
    }

    /** An answer of the service's, told under its lock or by an engine: the writer of the connection makes it. */
    private static <T> Reply<T> told(Calls.Call reply, Function<T, OtpErlangObject> late) {
        return answer(reply, late, Late::error);
    }

    /** An answer of a thread that prepared it, and which makes the term as well. */
    private static <T> Reply<T> prepared(Calls.Call reply, Function<T, OtpErlangObject> encoded) {
        return answer(reply, encoded, ReplyEncoder::error);
    }

    private static <T> Reply<T> answer(
            Calls.Call reply, Function<T, OtpErlangObject> answered, Function<Failure, OtpErlangObject> refused) {
        return new Reply<>() {
            @Override
            public void ok(@Nullable T value) {
                reply.accept(answered.apply(value));
            }

            @Override
            public void failed(Failure failure) {
                reply.accept(refused.apply(failure));
            }

            @Override
            public void whenGivenUp(Runnable undo) {
                reply.whenGivenUp(undo);
            }

            @Override
            public void abandoned() {
                reply.end();
            }
        };
    }
}
