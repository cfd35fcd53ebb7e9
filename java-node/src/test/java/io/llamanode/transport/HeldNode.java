package io.llamanode.transport;

import static io.llamanode.transport.TestTerms.atom;
import static io.llamanode.transport.TestTerms.tuple;

import com.ericsson.otp.erlang.OtpErlangAtom;
import com.ericsson.otp.erlang.OtpErlangException;
import com.ericsson.otp.erlang.OtpErlangList;
import com.ericsson.otp.erlang.OtpErlangLong;
import com.ericsson.otp.erlang.OtpErlangMap;
import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpErlangPid;
import com.ericsson.otp.erlang.OtpErlangRangeException;
import com.ericsson.otp.erlang.OtpErlangRef;
import com.ericsson.otp.erlang.OtpErlangTuple;
import io.llamanode.account.MemoryAccount;
import io.llamanode.delivery.RequestHandler;
import io.llamanode.engine.vector.VectorRunner;
import io.llamanode.service.LlamaService;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.NodeStatus;
import io.llamanode.service.contract.model.ModelConfig;
import io.llamanode.service.contract.model.NodeConfig;
import io.llamanode.service.model.FakeLoadedModel;
import io.llamanode.service.model.LoadedModel;
import io.llamanode.service.model.ModelLoader;
import io.llamanode.term.PlainTerms;
import io.llamanode.transport.stdio.FrameChannel;
import io.llamanode.transport.stdio.ParentSide;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;

/**
 * A node behind a port, from the bytes of a request to those of its answer, with a fake model whose threads a test holds
 * where it wants. Of what is asked and answered it keeps nothing, so that what the heap grows by is the node's.
 */
final class HeldNode implements AutoCloseable {
    /** Tokens of a slot's context. */
    static final int CONTEXT = 8192;

    static final int SLOTS = 8;
    /** Texts that become vectors together. */
    static final int TEXTS_AT_ONCE = 64;

    /** A session that requests under measure refer to, and a task. */
    long first;

    long task;
    private static final int MANY = 1_000_000;
    private static final String CALLERS = "b@localhost";
    /** Those of the harness, whom no request under measure has. */
    private static final int OWN = MANY * 10;

    private static final String MARK = "hold the preparing threads";

    final MemoryAccount account = new MemoryAccount(1L << 29, 1);
    final FakeLoadedModel model = new FakeLoadedModel("fake", SLOTS, MANY, CONTEXT);
    private final ParentSide parent = new ParentSide();
    private final FrameChannel channel = parent.channel();
    private final PortEndpoint endpoint = new PortEndpoint(channel, Integer.MAX_VALUE);
    private final LlamaService service;
    private final Thread reader;
    private final Heard heard = new Heard();

    private final BlockingQueue<OtpErlangObject> wanted = new LinkedBlockingQueue<>();
    private volatile int wantedNumber = -1;
    private int number;
    private final AtomicInteger monitors = new AtomicInteger();
    private volatile String refusal;
    /** Of the ids that were told. */
    private volatile long lowest = Long.MAX_VALUE;

    private volatile long highest;

    private final CountDownLatch released = new CountDownLatch(1);
    private final Semaphore permits = new Semaphore(MANY);
    private final Semaphore steps = new Semaphore(0);
    private final Semaphore computations = new Semaphore(MANY);

    /** A node with a model named {@code fake}. */
    HeldNode() throws InterruptedException {
        model.model.forgetful = true;
        model.model.whileExecuting = plan -> {
            permits.acquireUninterruptibly();
            steps.release();
        };
        model.vectors = new Vectors();
        model.width = Vectors.WIDTH;
        service = new LlamaService(
                new NodeConfig(List.of(), 3_600_000, MANY, MANY, MANY, 100), new Loader(), endpoint, account);
        heard.endpoint = endpoint;
        channel.start(heard);
        endpoint.open(new RequestHandler(service, endpoint, endpoint, "n@host", (path, fraction) -> {}));
        reader = Thread.ofVirtual().start(this::read);
        ask(OWN, request("load_model", "fake.gguf", Map.of()));
        service.ready();
    }

    /** What the channel's threads know, which stay: they forget the node when it is closed. */
    private static final class Heard implements FrameChannel.Listener {
        private volatile PortEndpoint endpoint;

        @Override
        public boolean taken(byte[] frame) {
            return endpoint.taken(frame);
        }

        @Override
        public void received(OtpErlangObject term) {
            throw new AssertionError(term);
        }

        @Override
        public void ended(FrameChannel.End end) {}
    }

    /** Makes a vector of each text, and of each token where they are not pooled. */
    private final class Vectors implements VectorRunner {
        static final int WIDTH = 512;

        @Override
        public int maxSequences() {
            return TEXTS_AT_ONCE;
        }

        @Override
        public int maxTokens() {
            return 1 << 20;
        }

        @Override
        public List<float[]> compute(List<Sequence> sequences, BooleanSupplier givenUp) {
            computations.acquireUninterruptibly();
            return sequences.stream()
                    .map(sequence -> switch (sequence.pooling()) {
                        case NONE -> new float[WIDTH * sequence.tokens().length];
                        case RANK -> new float[1];
                        default -> new float[WIDTH];
                    })
                    .toList();
        }

        @Override
        public void close() {}
    }

    /** Loads the model once, and waits in each further load, and in each look at a file, until it is released. */
    private final class Loader implements ModelLoader {
        private boolean loaded;

        @Override
        public LoadedModel load(ModelConfig config, LoadProgress progress) {
            if (loaded) {
                awaitRelease();
                throw new FailureException(ErrorCode.MODEL_LOAD_FAILED, "there is one model");
            }
            loaded = true;
            return model;
        }

        @Override
        public Preview preview(ModelConfig config) {
            awaitRelease();
            return new Preview(model.header(), OptionalLong.empty());
        }

        @Override
        public NodeStatus.Library library() {
            return new NodeStatus.Library("fake", "0", "");
        }
    }

    private void awaitRelease() {
        try {
            released.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private void read() {
        try {
            while (true) {
                received((OtpErlangTuple) parent.take());
            }
        } catch (InterruptedException e) {
            // The end of it.
        }
    }

    private void received(OtpErlangTuple frame) {
        switch (frame.elementAt(0).toString()) {
            case "monitor" -> monitors.incrementAndGet();
            case "send" -> message((OtpErlangTuple) frame.elementAt(2));
            default -> {}
        }
    }

    private void message(OtpErlangTuple message) {
        OtpErlangRef tag =
                message.elementAt(0) instanceof OtpErlangList list ? (OtpErlangRef) list.getLastTail() : null;
        if (tag == null) {
            return;
        }
        OtpErlangObject answer = message.elementAt(1);
        if (tag.ids()[1] < OWN
                && answer instanceof OtpErlangTuple pair
                && pair.elementAt(1) instanceof OtpErlangLong id) {
            lowest = Math.min(lowest, id.longValue());
            highest = Math.max(highest, id.longValue());
        }
        if (tag.ids()[0] == wantedNumber) {
            wanted.add(answer);
            return;
        }
        if (answer instanceof OtpErlangTuple pair
                && pair.elementAt(0).toString().equals("error")) {
            refusal = answer.toString();
        }
    }

    /** {@return a request with these arguments, which are terms already or what JSON can hold} */
    static OtpErlangObject request(String name, Object... arguments) {
        if (arguments.length == 0) {
            return atom(name);
        }
        OtpErlangObject[] elements = new OtpErlangObject[arguments.length + 1];
        elements[0] = atom(name);
        for (int i = 0; i < arguments.length; i++) {
            elements[i + 1] = arguments[i] instanceof OtpErlangObject term ? term : PlainTerms.of(arguments[i]);
        }
        return new OtpErlangTuple(elements);
    }

    static OtpErlangPid caller(int number) {
        return new OtpErlangPid(CALLERS, number & 0x7fff, number >> 15, 7);
    }

    /** Sends a call and waits for nothing. {@return what it is known by} */
    int send(int caller, OtpErlangObject request) {
        OtpErlangRef ref = new OtpErlangRef(90, CALLERS, new int[] {++number & 0x3ffff, caller, 4}, 7);
        try {
            OtpErlangObject tag = new OtpErlangList(new OtpErlangObject[] {atom("alias")}, ref);
            parent.frame(tuple(atom("$gen_call"), tuple(caller(caller), tag), request));
        } catch (OtpErlangException e) {
            throw new AssertionError(e);
        }
        return number;
    }

    /** {@return the answer to a call} */
    OtpErlangObject ask(int caller, OtpErlangObject request) {
        wantedNumber = number + 1 & 0x3ffff;
        send(caller, request);
        try {
            OtpErlangObject answer = wanted.poll(60, TimeUnit.SECONDS);
            if (answer == null) {
                throw new AssertionError("no answer to " + request);
            }
            return answer;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** {@return the number in the answer {@code {ok, N}} to a call} */
    long id(int caller, OtpErlangObject request) {
        OtpErlangObject answer = ask(caller, request);
        if (answer instanceof OtpErlangTuple pair && pair.elementAt(1) instanceof OtpErlangLong id) {
            return id.longValue();
        }
        throw new AssertionError(answer);
    }

    /** Waits until everything that was sent has been handled. */
    void settle() {
        ask(OWN, atom("ping"));
    }

    private OtpErlangMap status() {
        return (OtpErlangMap) ((OtpErlangTuple) ask(OWN, atom("get_status"))).elementAt(1);
    }

    private static int number(OtpErlangMap map, String key) {
        try {
            return ((OtpErlangLong) map.get(new OtpErlangAtom(key))).intValue();
        } catch (OtpErlangRangeException e) {
            throw new AssertionError(e);
        }
    }

    /** Waits until something is so, asking the node meanwhile. */
    void until(BooleanSupplier so) {
        while (!so.getAsBoolean()) {
            settle();
        }
    }

    /** Waits until no task waits or runs. */
    void awaitTasks() {
        until(() -> {
            OtpErlangMap status = status();
            return number(status, "tasks_waiting") + number(status, "tasks_running") == 0;
        });
    }

    /** Waits until nothing is left to be prepared of what was sent. */
    void awaitPrepared() {
        ask(OWN + 5, request("count_tokens", "a short text"));
        ask(OWN + 6, request("count_tokens", "a long text".repeat(8000)));
    }

    /** Holds both preparing threads, and so whatever has to be prepared. */
    void holdPreparation() throws InterruptedException {
        CountDownLatch entered = new CountDownLatch(2);
        model.model.whileTokenizing = text -> {
            if (text.startsWith(MARK)) {
                entered.countDown();
                awaitRelease();
            }
        };
        send(OWN + 1, request("count_tokens", MARK.repeat(4000)));
        send(OWN + 2, request("count_tokens", MARK));
        entered.await();
    }

    /** Holds the engine at its next step. */
    void holdStep() {
        permits.drainPermits();
        computations.drainPermits();
    }

    /** Fills the slots with tasks that never end, and holds the engine within a step. */
    void holdSlots() {
        permits.drainPermits();
        computations.drainPermits();
        for (int i = 0; i < SLOTS; i++) {
            send(
                    OWN + 3 + i,
                    request("run", "completion", Map.of("prompt", "x", "n_predict", 1_000_000_000, "temperature", 0)));
        }
        step(4);
    }

    /** Lets the engine take so many steps, and what was submitted before. */
    void step(int count) {
        steps.drainPermits();
        permits.release(count);
        try {
            if (!steps.tryAcquire(count, 30, TimeUnit.SECONDS)) {
                throw new AssertionError("the engine takes no steps; refused was " + refusal);
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Everything that is held goes on. */
    void release() {
        released.countDown();
        permits.release(MANY);
        computations.release(MANY);
    }

    /** Lets so many batches of texts become vectors. */
    void compute(int batches) {
        computations.release(batches);
        until(() -> computations.hasQueuedThreads() && computations.availablePermits() == 0);
    }

    /** Collects every result that is kept. */
    void collectResults() {
        until(() -> account.balance().kinds().getOrDefault(MemoryAccount.Kind.TASK, 0L) == 0);
        if (account.balance().kinds().getOrDefault(MemoryAccount.Kind.RESULT, 0L) > 0) {
            for (long id = lowest; id <= highest; id++) {
                send(OWN, request("get_result", new OtpErlangLong(id), 0));
            }
        }
    }

    /** The processes of all owners end. */
    void endOwners() {
        for (int i = 1; i <= monitors.get(); i++) {
            endpoint.down(i);
        }
    }

    /** Reads no more of what the node writes, until {@link #readOn}. */
    void readNothing() {
        parent.pause();
    }

    void readOn() {
        parent.goOn();
    }

    @Override
    public void close() {
        release();
        parent.goOn();
        service.close();
        endpoint.close();
        parent.end();
        reader.interrupt();
        heard.endpoint = null;
    }
}
