package io.llamanode.transport;

import static io.llamanode.transport.TestTerms.atom;
import static io.llamanode.transport.TestTerms.tuple;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import com.ericsson.otp.erlang.OtpErlangLong;
import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpErlangPid;
import com.ericsson.otp.erlang.OtpErlangRef;
import com.ericsson.otp.erlang.OtpErlangTuple;
import com.ericsson.otp.erlang.OtpOutputStream;
import io.llamanode.delivery.Outbound;
import io.llamanode.delivery.RequestHandler;
import io.llamanode.engine.vector.VectorRunner;
import io.llamanode.protocol.ProcessOwner;
import io.llamanode.protocol.RequestDecoder;
import io.llamanode.service.FakeService;
import io.llamanode.service.LlamaService;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.NodeStatus;
import io.llamanode.service.contract.OwnerMonitor;
import io.llamanode.service.contract.Reply;
import io.llamanode.service.contract.model.ModelConfig;
import io.llamanode.service.contract.model.NodeConfig;
import io.llamanode.service.model.FakeLoadedModel;
import io.llamanode.service.model.LoadedModel;
import io.llamanode.service.model.ModelLoader;
import io.llamanode.term.LateTerm;
import io.llamanode.transport.dist.DistConfig;
import io.llamanode.transport.dist.RawPeer;
import io.llamanode.transport.mailbox.From;
import io.llamanode.transport.mailbox.MailboxHandler;
import io.llamanode.transport.stdio.FrameChannel;
import io.llamanode.transport.stdio.ParentSide;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Whatever is told by a thread of an engine, or under the service's lock, is told as what it is made of: terms and bytes are
 * made by the thread that writes to the process.
 */
@Timeout(120)
final class ToldLaterTest {
    private static final Set<String> EVENTS =
            Set.of("chunk", "reasoning", "tool_call", "passive", "done", "error", "ended");
    private static final String TEMPLATE =
            "{# <think></think> #}{% if tools %}T:{{ tools[0].function.name }}|{% endif %}"
                    + "{% for m in messages %}{{ m.role[0] }}:{{ m.content }}{% for c in m.tool_calls or [] %}<tool_call>"
                    + "{\"name\": \"{{ c.function.name }}\", \"arguments\": {{ c.function.arguments | tojson }}}</tool_call>"
                    + "{% endfor %}|{% endfor %}{% if add_generation_prompt %}a:{% endif %}";
    private static final String ANSWER =
            "<think>\nHm.\n</think>\n\nWait. <tool_call>{\"name\": \"f1\", \"arguments\": {\"a\": \"b\"}}</tool_call>";

    /** What should have been left to another thread. */
    private final AtomicReference<AssertionError> seen = new AtomicReference<>();

    private volatile LlamaService service;

    /** Something is made or encoded by this thread. */
    private void look(String what) {
        LlamaService started = service;
        String thread = Thread.currentThread().getName();
        // As the fake models name theirs.
        boolean engine = thread.matches("(vectors-)?(fake|tools|b)");
        if (engine || started != null && FakeService.isDecidedHere(started)) {
            seen.compareAndSet(
                    null, new AssertionError("%s by %s%s".formatted(what, thread, engine ? "" : " under the lock")));
        }
    }

    /** A process that notices when a frame to it, or about it, is encoded. */
    private final class Process extends OtpErlangPid {
        private static final long serialVersionUID = 1L;

        Process(String node, int creation) {
            super(node, 9, 0, creation);
        }

        @Override
        public void encode(OtpOutputStream out) {
            look("a frame is encoded");
            super.encode(out);
        }
    }

    /** An alias that notices the same. */
    private final class Alias extends OtpErlangRef {
        private static final long serialVersionUID = 1L;

        Alias(OtpErlangPid process) {
            super(90, process.node(), new int[] {1, 2, 3}, process.creation());
        }

        @Override
        public void encode(OtpOutputStream out) {
            look("a frame is encoded");
            super.encode(out);
        }
    }

    /** Makes vectors of nothing. */
    private static final class Vectors implements VectorRunner {
        @Override
        public int maxSequences() {
            return 8;
        }

        @Override
        public int maxTokens() {
            return 1 << 20;
        }

        @Override
        public List<float[]> compute(List<Sequence> sequences, BooleanSupplier givenUp) {
            return sequences.stream().map(sequence -> new float[2]).toList();
        }

        @Override
        public void close() {}
    }

    private static final class Loader implements ModelLoader {
        @Override
        public LoadedModel load(ModelConfig config, LoadProgress progress) {
            FakeLoadedModel model = new FakeLoadedModel(config.effectiveId(), 2, 64, 8192);
            if (config.effectiveId().equals("tools")) {
                model.useTemplates(TEMPLATE, Map.of());
                model.model.answer("T:f0|u:q|a:", ANSWER);
            } else {
                model.vectors = new Vectors();
                model.model.answer("hello", "Hello!").answer("user:Hi\u0100assistant:", "Good day");
            }
            progress.at(0.5f);
            return model;
        }

        @Override
        public Preview preview(ModelConfig config) {
            return new Preview(new FakeLoadedModel("b", 1, 1).header(), OptionalLong.empty());
        }

        @Override
        public NodeStatus.Library library() {
            return new NodeStatus.Library("fake", "0", "");
        }
    }

    private LlamaService start(OwnerMonitor monitor) throws Exception {
        LlamaService started =
                new LlamaService(new NodeConfig(List.of(), 60_000, 100, 100, 1000, 100), new Loader(), monitor);
        for (String name : List.of("fake.gguf", "tools.gguf")) {
            CompletableFuture<Void> loaded = new CompletableFuture<>();
            started.loadModel(null, ModelConfig.of(Path.of(name)), fraction -> {}, new Reply<>() {
                @Override
                public void ok(Void nothing) {
                    loaded.complete(null);
                }

                @Override
                public void failed(Failure failure) {
                    loaded.completeExceptionally(failure.asException());
                }
            });
            loaded.get(30, TimeUnit.SECONDS);
        }
        started.ready();
        service = started;
        return started;
    }

    /** Asks by way of what takes calls; what comes is given to it, answers as {@code {Tag, Answer}}. */
    private static class Caller implements EveryRequest.Asked {
        private final BlockingQueue<OtpErlangTuple> answers = new LinkedBlockingQueue<>();
        private final BlockingQueue<OtpErlangTuple> events = new LinkedBlockingQueue<>();
        private final OtpErlangPid process;
        private final OtpErlangRef alias;
        private final MailboxHandler mailbox;
        private long tag;

        Caller(OtpErlangPid process, OtpErlangRef alias, MailboxHandler mailbox) {
            this.process = process;
            this.alias = alias;
            this.mailbox = mailbox;
        }

        void came(OtpErlangObject message) {
            OtpErlangTuple tuple = (OtpErlangTuple) message;
            if (tuple.elementAt(0) instanceof OtpErlangLong) {
                answers.add(tuple);
            } else if (!tuple.elementAt(0).equals(atom("llama_node_progress"))) {
                events.add(tuple);
            }
        }

        @Override
        public void begin(OtpErlangObject request) {
            mailbox.onCall(new From(process, new OtpErlangLong(++tag), 40), request);
        }

        @Override
        public OtpErlangObject ask(OtpErlangObject request) {
            begin(request);
            OtpErlangLong wanted = new OtpErlangLong(tag);
            OtpErlangTuple answer = next(answers);
            while (!answer.elementAt(0).equals(wanted)) {
                answer = next(answers);
            }
            return answer.elementAt(1);
        }

        @Override
        public OtpErlangTuple event() {
            return next(events);
        }

        private static OtpErlangTuple next(BlockingQueue<OtpErlangTuple> queue) {
            try {
                OtpErlangTuple next = queue.poll(30, TimeUnit.SECONDS);
                if (next == null) {
                    throw new AssertionError("nothing came");
                }
                return next;
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }

        @Override
        public OtpErlangPid process() {
            return process;
        }

        @Override
        public OtpErlangRef alias() {
            return alias;
        }
    }

    private void assertNothingIsMade(Caller caller) {
        EveryRequest requests = new EveryRequest(caller);
        requests.all();
        assertEquals(RequestDecoder.names(), requests.kinds());
        assertEquals(EVENTS, requests.events());
        assertNull(seen.get());
    }

    /** Terms: what the transports are given. */
    private final class Terms implements Outbound, MailboxHandler {
        private final Caller caller;
        private RequestHandler handler;

        Terms(Process process) {
            this.caller = new Caller(process, new Alias(process), this);
        }

        private void given(OtpErlangObject message) {
            LateTerm late = LateTerm.in(message);
            if (late == null) {
                look("the term " + message + " is made");
            }
            // As the writer has it, but here on any thread.
            caller.came(message instanceof LateTerm ? late.made() : message);
        }

        @Override
        public void send(OtpErlangPid to, OtpErlangPid behind, OtpErlangObject message) {
            given(message);
        }

        @Override
        public void send(OtpErlangRef to, OtpErlangPid behind, OtpErlangObject message) {
            given(message);
        }

        @Override
        public boolean offer(OtpErlangPid to, Supplier<OtpErlangObject> message, int weight, Runnable room) {
            caller.came(message.get());
            return true;
        }

        @Override
        public void flush() {}

        @Override
        public void onCall(From from, OtpErlangObject request) {
            handler.call(new ProcessOwner(from.pid()), null, from.weight(), request, answer -> {
                LateTerm late = LateTerm.in(answer);
                if (late == null) {
                    look("the answer " + answer + " is made");
                }
                caller.came(tuple(from.tag(), late == null ? answer : late.made()));
            });
        }

        @Override
        public void onCast(OtpErlangObject request) {
            throw new AssertionError(request);
        }

        @Override
        public void onBadCall(From from, String reason) {
            throw new AssertionError(reason);
        }
    }

    @Test
    void noTermIsMadeByAnEngineOrUnderTheLock() throws Exception {
        Terms terms = new Terms(new Process("b@localhost", 7));
        OwnerMonitor monitor = (owner, down) -> () -> {};
        try (LlamaService started = start(monitor)) {
            terms.handler = new RequestHandler(started, terms, monitor, "n@host", (path, fraction) -> {});
            assertNothingIsMade(terms.caller);
        }
    }

    @Test
    void noFrameOfThePortIsEncodedByAnEngineOrUnderTheLock() throws Exception {
        ParentSide parent = new ParentSide();
        FrameChannel channel = parent.channel();
        PortEndpoint endpoint = new PortEndpoint(channel, Integer.MAX_VALUE);
        channel.start(new FrameChannel.Listener() {
            @Override
            public void received(OtpErlangObject term) {
                throw new AssertionError(term);
            }

            @Override
            public void ended(FrameChannel.End end) {}
        });
        Process process = new Process("b@localhost", 7);
        Caller caller = new Caller(process, new Alias(process), endpoint);
        Thread reader = Thread.ofVirtual().start(() -> {
            try {
                while (true) {
                    OtpErlangTuple frame = (OtpErlangTuple) parent.take();
                    if (frame.elementAt(0).equals(atom("send"))) {
                        caller.came(frame.elementAt(2));
                    }
                }
            } catch (InterruptedException e) {
                // The end of it.
            }
        });
        try (LlamaService started = start(endpoint)) {
            endpoint.open(new RequestHandler(started, endpoint, endpoint, "n@host", (path, fraction) -> {}));
            assertNothingIsMade(caller);
        } finally {
            endpoint.close();
            parent.end();
            reader.interrupt();
        }
    }

    @Test
    void noFrameOfTheDistributionIsEncodedByAnEngineOrUnderTheLock() throws Exception {
        DistEndpoint endpoint = new DistEndpoint();
        try (LlamaService started = start(endpoint)) {
            endpoint.open(
                    DistConfig.named("n@localhost", "secret").epmd(false).build(),
                    new RequestHandler(started, endpoint, endpoint, "n@localhost", (path, fraction) -> {}));
            try (RawPeer peer = RawPeer.connected(endpoint.port(), "b@localhost", "secret")) {
                assertEquals("pong", peer.ping());
                Process process = new Process("b@localhost", peer.pid().creation());
                Caller caller = new Caller(process, new Alias(process), endpoint);
                Thread.ofVirtual().start(() -> {
                    try {
                        while (true) {
                            OtpErlangObject message = peer.next().elementAt(1);
                            if (!message.equals(RawPeer.NO_MESSAGE)) {
                                caller.came(message);
                            }
                        }
                    } catch (Exception e) {
                        // The end of it.
                    }
                });
                assertNothingIsMade(caller);
            }
        } finally {
            endpoint.close();
        }
    }
}
