package io.llamanode.delivery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.ericsson.otp.erlang.OtpErlangAtom;
import com.ericsson.otp.erlang.OtpErlangBinary;
import com.ericsson.otp.erlang.OtpErlangDouble;
import com.ericsson.otp.erlang.OtpErlangList;
import com.ericsson.otp.erlang.OtpErlangLong;
import com.ericsson.otp.erlang.OtpErlangMap;
import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpErlangPid;
import com.ericsson.otp.erlang.OtpErlangTuple;
import io.llamanode.protocol.ProcessOwner;
import io.llamanode.protocol.ReplyEncoder;
import io.llamanode.service.LlamaService;
import io.llamanode.service.contract.Capability;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.NodeStatus;
import io.llamanode.service.contract.Owner;
import io.llamanode.service.contract.OwnerMonitor;
import io.llamanode.service.contract.Reply;
import io.llamanode.service.contract.model.ModelConfig;
import io.llamanode.service.contract.model.ModelHeader;
import io.llamanode.service.contract.model.NodeConfig;
import io.llamanode.service.model.FakeLoadedModel;
import io.llamanode.service.model.LoadedModel;
import io.llamanode.service.model.ModelLoader;
import io.llamanode.term.PlainTerms;
import io.llamanode.term.Shown;
import io.llamanode.term.Terms;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Each request of docs/protocol.md, section 1, and what answers it, on a model that needs no native code. */
@Timeout(value = 1, unit = TimeUnit.MINUTES)
final class RequestHandlerTest {
    private static final OtpErlangPid CALLER = new OtpErlangPid("a@b", 90, 1, 7);
    private static final OtpErlangPid SINK = new OtpErlangPid("a@b", 91, 1, 7);
    private static final OtpErlangMap NOTHING = new OtpErlangMap();

    private record Progress(Path path, float fraction) {}

    private final Mailbox mailbox = new Mailbox();
    private final Map<Owner, Runnable> watched = new ConcurrentHashMap<>();
    private final Semaphore sinkWatched = new Semaphore(0);
    private final BlockingQueue<Progress> loads = new LinkedBlockingQueue<>();
    private volatile RuntimeException defect;
    private LlamaService service;
    private RequestHandler handler;

    /** Loads a model in eight steps, some of which are less than a percent. */
    private final class Loader implements ModelLoader {
        @Override
        public LoadedModel load(ModelConfig config, LoadProgress progress) {
            for (float fraction : new float[] {0, 0.001f, 0.009f, 0.01f, 0.5f, 0.505f, 0.75f, 1}) {
                progress.at(fraction);
            }
            FakeLoadedModel model = new FakeLoadedModel(config.effectiveId(), 2, 64);
            model.model.answer("hello", "Hi!").answer("user:hello\u0100assistant:", "Good day");
            return model;
        }

        @Override
        public Preview preview(ModelConfig config) {
            ModelHeader header = new ModelHeader(
                    config.path().toString(), "fake", null, 1, null, 2, 3, 4, 5, 6, 7, null, Set.<Capability>of());
            return new Preview(header, OptionalLong.of(1000));
        }

        @Override
        public NodeStatus.Library library() {
            if (defect != null) {
                throw defect;
            }
            return new NodeStatus.Library("fake", "0", "");
        }
    }

    @BeforeEach
    void start() throws Exception {
        OwnerMonitor monitor = (owner, down) -> {
            watched.put(owner, down);
            if (owner.equals(new ProcessOwner(SINK))) {
                sinkWatched.release();
            }
            return () -> watched.remove(owner, down);
        };
        service = new LlamaService(new NodeConfig(List.of(), 60_000, 10, 10, 1000, 100), new Loader(), monitor);
        CompletableFuture<String> loaded = new CompletableFuture<>();
        service.loadModel(null, ModelConfig.of(Path.of("fake.gguf")), fraction -> {}, new Reply<>() {
            @Override
            public void ok(Void nothing) {
                loaded.complete("loaded");
            }

            @Override
            public void failed(Failure failure) {
                loaded.complete(failure.toString());
            }
        });
        assertEquals("loaded", loaded.get(30, TimeUnit.SECONDS));
        service.ready();
        handler = new RequestHandler(
                service, mailbox, monitor, "node@host", (path, fraction) -> loads.add(new Progress(path, fraction)));
    }

    @AfterEach
    void stop() {
        service.close();
    }

    private static OtpErlangTuple tuple(String name, Object... arguments) {
        OtpErlangObject[] elements = new OtpErlangObject[arguments.length + 1];
        elements[0] = new OtpErlangAtom(name);
        for (int i = 0; i < arguments.length; i++) {
            elements[i + 1] = arguments[i] instanceof OtpErlangObject term ? term : PlainTerms.of(arguments[i]);
        }
        return new OtpErlangTuple(elements);
    }

    private OtpErlangObject call(OtpErlangObject request) throws Exception {
        CompletableFuture<OtpErlangObject> answer = new CompletableFuture<>();
        handler.call(new ProcessOwner(CALLER), null, 0, request, reply -> {
            if (!answer.complete(Mailbox.made(reply))) {
                throw new AssertionError("answered twice");
            }
        });
        return answer.get(30, TimeUnit.SECONDS);
    }

    private OtpErlangObject call(String name, Object... arguments) throws Exception {
        return call(arguments.length == 0 ? new OtpErlangAtom(name) : tuple(name, arguments));
    }

    /** {@return what a call is answered with behind {@code ok}} */
    private OtpErlangObject ok(String name, Object... arguments) throws Exception {
        OtpErlangObject answer = call(name, arguments);
        assertTrue(
                answer instanceof OtpErlangTuple pair && pair.elementAt(0).equals(ReplyEncoder.OK), answer::toString);
        return ((OtpErlangTuple) answer).elementAt(1);
    }

    private void done(String name, Object... arguments) throws Exception {
        assertEquals(ReplyEncoder.OK, call(name, arguments));
    }

    private String error(String name, Object... arguments) throws Exception {
        return error(call(name, arguments));
    }

    private static String error(OtpErlangObject answer) throws Exception {
        assertTrue(
                answer instanceof OtpErlangTuple pair && pair.elementAt(0).equals(new OtpErlangAtom("error")),
                answer::toString);
        OtpErlangTuple failure = (OtpErlangTuple) ((OtpErlangTuple) answer).elementAt(1);
        return failure.elementAt(0) + ": " + Shown.utf8(((OtpErlangBinary) failure.elementAt(1)).binaryValue());
    }

    private static OtpErlangObject get(OtpErlangObject map, String key) {
        return ((OtpErlangMap) map).get(new OtpErlangAtom(key));
    }

    private OtpErlangObject session() throws Exception {
        return ok("create_session", NOTHING);
    }

    private OtpErlangObject status(String key) throws Exception {
        return get(ok("get_status"), key);
    }

    private static OtpErlangMap endless() {
        return Terms.map().put("prompt", "a").put("n_predict", 1_000_000_000).build();
    }

    private static OtpErlangMap paused() {
        return Terms.map()
                .put("prompt", "hello")
                .put("active", new OtpErlangAtom("false"))
                .build();
    }

    /** {@return a stream whose task is done and whose text waits} */
    private OtpErlangObject lingering() throws Exception {
        OtpErlangObject task = ok("stream", session(), "completion", paused(), SINK);
        // The service watches the process while the task runs, and then the stream does.
        sinkWatched.acquire(2);
        return task;
    }

    @Test
    void theNodeTellsItsState() throws Exception {
        assertEquals(ReplyEncoder.PONG, call("ping"));
        assertEquals(new OtpErlangAtom("node@host"), status("node"));
        assertEquals(new OtpErlangAtom("ready"), status("state"));
    }

    @Test
    void aSessionBelongsToItsCaller() throws Exception {
        OtpErlangObject session = session();
        assertEquals(CALLER, get(ok("get_session_info", session), "owner"));
        assertTrue(watched.containsKey(new ProcessOwner(CALLER)));
        done("close_session", session);
        assertTrue(error("get_session_info", session).startsWith("session_not_found: "));
    }

    @Test
    void aConversationCanBeTakenBackAndGoOnElsewhere() throws Exception {
        OtpErlangObject session = session();
        OtpErlangObject start = ok("checkpoint_session", session);
        assertEquals(new OtpErlangLong(1), start);
        OtpErlangObject task = ok("create_task", session, "chat", Map.of("content", "hello"));
        assertEquals(Terms.text("Good day"), get(ok("get_result", task, 30_000), "content"));
        OtpErlangObject fork = ok("fork_session", session);
        assertNotEquals(session, fork);
        done("rewind_session", session, start);
        assertEquals(new OtpErlangLong(0), get(ok("get_session_info", session), "messages"));
        assertEquals(new OtpErlangLong(2), get(ok("get_session_info", fork), "messages"));
        done("clear_cache", fork, "all");
        assertEquals(new OtpErlangLong(0), get(ok("get_session_info", fork), "cached_tokens"));
    }

    @Test
    void aResultIsCollectedOnce() throws Exception {
        OtpErlangObject task = ok("create_task", session(), "completion", Map.of("prompt", "hello"));
        OtpErlangObject result = ok("get_result", task, new OtpErlangAtom("infinity"));
        assertEquals(Terms.text("Hi!"), get(result, "content"));
        assertEquals(task, get(result, "task_id"));
        assertTrue(error("get_result", task, 0).startsWith("task_not_found: "));
    }

    @Test
    void aTaskRunsInASessionOfItsOwn() throws Exception {
        assertEquals(Terms.text("Hi!"), get(ok("run", "completion", Map.of("prompt", "hello")), "content"));
        assertEquals(new OtpErlangLong(0), status("sessions"));
    }

    @Test
    void aTaskIsEstimatedWithoutBeingRun() throws Exception {
        OtpErlangObject estimate = ok("estimate_task", session(), "completion", Map.of("prompt", "hello"));
        assertEquals(new OtpErlangLong(5), get(estimate, "prompt_tokens"));
        assertEquals(new OtpErlangLong(0), get(status("counters"), "tasks_created"));
    }

    @Test
    void textsAndTokensAreTurnedIntoEachOther() throws Exception {
        OtpErlangObject tokens = PlainTerms.of(List.of((int) 'H', (int) 'i'));
        assertEquals(tokens, ok("tokenize", "Hi"));
        assertEquals(Terms.text("Hi"), ok("detokenize", tokens));
        assertEquals(new OtpErlangLong(2), ok("count_tokens", "Hi"));
        OtpErlangList pieces = (OtpErlangList) ok(
                "tokenize",
                Terms.map()
                        .put("content", "Hi")
                        .put("with_pieces", new OtpErlangAtom("true"))
                        .build());
        assertEquals(new OtpErlangLong('H'), get(pieces.elementAt(0), "id"));
        assertEquals(Terms.text("i"), get(pieces.elementAt(1), "piece"));
        assertEquals(
                Terms.text("user:a<eog>assistant:"),
                ok("apply_template", Map.of("messages", List.of(Map.of("role", "user", "content", "a")))));
    }

    @Test
    void aModelIsLoadedAndItsCallerHearsOfWholePercents() throws Exception {
        done("load_model", "/models/b.gguf", Terms.map().put("progress", SINK).build());
        for (double fraction : new double[] {0, 0.01f, 0.5, 0.75, 1}) {
            assertEquals(
                    new Mailbox.Sent(
                            SINK,
                            Terms.tuple(
                                    new OtpErlangAtom("llama_node_progress"),
                                    Terms.text("/models/b.gguf"),
                                    new OtpErlangDouble(fraction))),
                    mailbox.next());
        }
        assertTrue(mailbox.isEmpty());
        assertEquals(8, loads.size(), "the node itself hears of every step");
        assertEquals(
                new Progress(Path.of("/models/b.gguf"), 0.001f),
                loads.stream().toList().get(1));
        OtpErlangList models = (OtpErlangList) ok("list_models");
        assertEquals(
                List.of(Terms.text("fake"), Terms.text("b")),
                List.of(get(models.elementAt(0), "id"), get(models.elementAt(1), "id")));
        done("unload_model", "b");
        assertEquals(1, ((OtpErlangList) ok("list_models")).arity());
    }

    @Test
    void whoDoesNotAskForProgressHearsOfNone() throws Exception {
        done("load_model", "/models/b.gguf", NOTHING);
        assertTrue(mailbox.isEmpty());
    }

    @Test
    void aFileIsInspectedWithoutBeingLoaded() throws Exception {
        OtpErlangObject model = ok("inspect_model", "/models/b.gguf", NOTHING);
        assertEquals(Terms.text("/models/b.gguf"), get(model, "path"));
        assertEquals(new OtpErlangLong(1000), get(get(model, "memory"), "required_bytes"));
        assertEquals(1, ((OtpErlangList) ok("list_models")).arity());
    }

    @Test
    void adaptersAreLoadedListedAndFreed() throws Exception {
        done("load_adapter", "/adapters/one.gguf", NOTHING);
        OtpErlangList adapters = (OtpErlangList) ok("list_adapters");
        assertEquals(Terms.text("one"), get(adapters.elementAt(0), "id"));
        done("unload_adapter", "one", NOTHING);
        assertEquals(new OtpErlangList(), ok("list_adapters"));
    }

    @Test
    void aStreamTellsItsPartsAndItsEnd() throws Exception {
        OtpErlangObject task = ok("stream", session(), "completion", Map.of("prompt", "hello"), SINK);
        StringBuilder text = new StringBuilder();
        for (int index = 0; ; index++) {
            Mailbox.Sent sent = mailbox.next();
            assertEquals(SINK, sent.to());
            OtpErlangTuple event = (OtpErlangTuple) ((OtpErlangTuple) sent.message()).elementAt(2);
            assertEquals(task, ((OtpErlangTuple) sent.message()).elementAt(1));
            if (event.elementAt(0).equals(new OtpErlangAtom("done"))) {
                assertEquals(Terms.text("Hi!"), get(event.elementAt(1), "content"));
                break;
            }
            assertEquals(new OtpErlangLong(index), get(event.elementAt(1), "index"));
            text.append(Shown.utf8(((OtpErlangBinary) get(event.elementAt(1), "content")).binaryValue()));
        }
        assertEquals("Hi!", text.toString());
    }

    /** However fast its process is, who has got the terminal event. */
    @Test
    void aStreamIsForgottenBeforeItsEndIsTold() throws Exception {
        List<String> answers = new CopyOnWriteArrayList<>();
        mailbox.watcher = sent -> {
            if (isDone(sent)) {
                OtpErlangObject ended = ((OtpErlangTuple) sent.message()).elementAt(1);
                handler.call(
                        new ProcessOwner(CALLER),
                        null,
                        0,
                        tuple("active", ended, true),
                        reply -> answers.add(Mailbox.made(reply).toString()));
            }
        };
        OtpErlangObject task = ok("stream", session(), "completion", Map.of("prompt", "hello"), SINK);
        while (!isDone(mailbox.next())) {
            // A chunk.
        }
        OtpErlangObject error = ReplyEncoder.error(new Failure(ErrorCode.TASK_NOT_FOUND, "there is no stream " + task));
        assertEquals(List.of(error.toString()), answers);
        assertEquals(error, call("active", task, "once"));
    }

    private static boolean isDone(Mailbox.Sent sent) {
        OtpErlangObject event = ((OtpErlangTuple) sent.message()).elementAt(2);
        return ((OtpErlangTuple) event).elementAt(0).equals(new OtpErlangAtom("done"));
    }

    @Test
    void aStreamGoesOnWhenItIsAskedTo() throws Exception {
        OtpErlangObject task = ok("stream", session(), "completion", paused(), SINK);
        assertTrue(mailbox.isEmpty());
        done("active", task, true);
        OtpErlangTuple first = (OtpErlangTuple) mailbox.next().message();
        assertEquals(task, first.elementAt(1));
    }

    @Test
    void aStreamThatLingersCanBeCancelled() throws Exception {
        OtpErlangObject task = lingering();
        done("cancel_task", task);
        OtpErlangTuple end = (OtpErlangTuple) mailbox.next().message();
        assertEquals("cancelled: the task was cancelled", error(end.elementAt(2)));
        assertTrue(error("cancel_task", task).startsWith("task_not_found: "));
    }

    @Test
    void aStreamInNoSessionIsRefused() throws Exception {
        assertTrue(error("stream", 5, "completion", Map.of("prompt", "a"), SINK).startsWith("session_not_found: "));
        assertTrue(mailbox.isEmpty());
    }

    @Test
    void aTaskIsCancelledOnceItsSlotIsFree() throws Exception {
        OtpErlangObject task = ok("create_task", session(), "completion", endless());
        done("cancel_task", task);
        assertEquals(new OtpErlangLong(0), status("tasks_running"));
        assertTrue(error("get_result", task, 0).startsWith("cancelled: "));
    }

    @Test
    void whatIsNoRequestIsRefused() throws Exception {
        assertTrue(error(call(new OtpErlangLong(1))).startsWith("invalid_argument: a request must be "));
        assertEquals("invalid_argument: unknown request 'pong' (did you mean 'ping'?)", error("pong"));
    }

    @Test
    void aDefectIsToldByANumberInTheLog() throws Exception {
        defect = new IllegalStateException("secret");
        String told = error("get_status");
        assertTrue(told.startsWith("unknown: a defect of the node; the log has it under "), told);
        assertTrue(told.matches(".* [0-9a-f-]{36}"), told);
    }

    @Test
    void aCastEndsATaskAndASession() throws Exception {
        OtpErlangObject session = session();
        OtpErlangObject task = ok("create_task", session, "completion", endless());
        handler.cast(tuple("cancel_task", task));
        assertTrue(error("get_result", task, 30_000).startsWith("cancelled: "));
        handler.cast(tuple("close_session", session));
        assertTrue(error("get_session_info", session).startsWith("session_not_found: "));
    }

    @Test
    void aCastAsksForMoreOfAStream() throws Exception {
        OtpErlangObject task = ok("stream", session(), "completion", paused(), SINK);
        handler.cast(tuple("active", task, true));
        assertEquals(task, ((OtpErlangTuple) mailbox.next().message()).elementAt(1));
    }

    @Test
    void aCastMakesNothing() throws Exception {
        handler.cast(tuple("create_session", NOTHING));
        handler.cast(tuple("create_session", 1));
        handler.cast(new OtpErlangLong(1));
        assertEquals(new OtpErlangLong(0), status("sessions"));
    }

    @Test
    void aDefectInACastIsItsOwn() throws Exception {
        OtpErlangObject task = lingering();
        mailbox.defect = new IllegalStateException("no way out");
        handler.cast(tuple("active", task, true));
        assertEquals(ReplyEncoder.PONG, call("ping"));
    }
}
