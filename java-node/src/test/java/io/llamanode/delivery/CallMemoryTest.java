package io.llamanode.delivery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.ericsson.otp.erlang.OtpErlangAtom;
import com.ericsson.otp.erlang.OtpErlangLong;
import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpErlangPid;
import com.ericsson.otp.erlang.OtpErlangTuple;
import io.llamanode.account.MemoryAccount;
import io.llamanode.account.MemoryAccount.Kind;
import io.llamanode.protocol.ProcessOwner;
import io.llamanode.service.FakeService;
import io.llamanode.service.LlamaService;
import io.llamanode.term.PlainTerms;
import io.llamanode.transport.mailbox.From;
import io.llamanode.transport.mailbox.Load;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Calls that wait for their answer are charged to their process, with what the answer is marked with. */
class CallMemoryTest {
    private static final OtpErlangPid CALLER = new OtpErlangPid("a@b", 90, 1, 7);
    private static final OtpErlangPid OTHER = new OtpErlangPid("a@b", 91, 1, 7);
    /** Of what a call is marked with, bytes. */
    private static final long MARK = 100_000;

    private final Map<Object, Runnable> watched = new ConcurrentHashMap<>();
    private final MemoryAccount account = new MemoryAccount(2_000_000, 0.5);
    private final CountDownLatch entered = new CountDownLatch(1);
    private final CountDownLatch released = new CountDownLatch(1);
    private final LlamaService service = FakeService.start(
            (owner, down) -> {
                watched.put(owner, down);
                return () -> watched.remove(owner, down);
            },
            model -> model.whileExecuting = plan -> {
                entered.countDown();
                await(released);
            },
            account);
    private final RequestHandler handler =
            new RequestHandler(service, new Mailbox(), (owner, down) -> () -> {}, "a@b", (path, fraction) -> {});
    private final BlockingQueue<OtpErlangObject> answers = new LinkedBlockingQueue<>();
    /** The same, as a transport has them. */
    private final BlockingQueue<OtpErlangObject> given = new LinkedBlockingQueue<>();

    @AfterEach
    void stop() {
        released.countDown();
        service.close();
    }

    private static void await(CountDownLatch latch) {
        try {
            assertTrue(latch.await(30, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private void call(OtpErlangPid caller, String name, Object... arguments) {
        OtpErlangObject[] elements = new OtpErlangObject[arguments.length + 1];
        elements[0] = new OtpErlangAtom(name);
        for (int i = 0; i < arguments.length; i++) {
            elements[i + 1] = arguments[i] instanceof OtpErlangObject term ? term : PlainTerms.of(arguments[i]);
        }
        handler.call(new ProcessOwner(caller), null, MARK, new OtpErlangTuple(elements), answer -> {
            given.add(answer);
            answers.add(Mailbox.made(answer));
        });
    }

    private OtpErlangObject answer() throws InterruptedException {
        OtpErlangObject answer = answers.poll(30, TimeUnit.SECONDS);
        return ((OtpErlangTuple) answer).elementAt(1);
    }

    /** {@return a task that runs until it is released} */
    private OtpErlangObject running() throws InterruptedException {
        call(OTHER, "create_session", Map.of());
        OtpErlangObject session = answer();
        call(OTHER, "create_task", session, new OtpErlangAtom("completion"), Map.of("prompt", "a", "n_predict", 1));
        OtpErlangObject task = answer();
        // In its slot it holds more.
        await(entered);
        return task;
    }

    private long calls() {
        return account.balance().kinds().getOrDefault(Kind.CALL, 0L);
    }

    @Test
    void waitsAreRefusedToWhoHoldsTooMuchAndGivenBackWithTheirAnswer() throws InterruptedException {
        OtpErlangObject task = running();
        assertEquals(0, calls(), "what is answered holds nothing");
        for (int i = 0; i < 10; i++) {
            call(CALLER, "get_result", task, new OtpErlangAtom("infinity"));
        }
        assertTrue(
                answers.poll().toString().contains("server_busy"),
                "a tenth of half the account, with a little more each");
        assertTrue(calls() > 9 * MARK);
        call(OTHER, "get_result", task, new OtpErlangLong(0));
        assertTrue(answer().toString().contains("timeout"), "another has its answer");
        call(CALLER, "cancel_task", new OtpErlangLong(17));
        assertTrue(answer().toString().contains("task_not_found"), "what gives memory back is not refused");
        released.countDown();
        for (int i = 0; i < 9; i++) {
            answer();
        }
        assertEquals(0, calls());
    }

    /** However many wait, their answers take no memory that they did not hold; what all are made of is there once. */
    @Test
    void anAnswerThatWaitsToBeWrittenTakesNoMoreThanItsCallDid() throws InterruptedException {
        OtpErlangObject task = running();
        call(CALLER, "get_result", task, new OtpErlangAtom("infinity"));
        long held = calls() - MARK + new From(CALLER, new OtpErlangAtom("tag"), 100).weight();
        given.clear();
        call(CALLER, "get_result", task, new OtpErlangLong(0));
        answer();
        Load ofError = Objects.requireNonNull(Load.late(100, given.remove()));
        assertTrue(ofError.own() + ofError.shared() <= held, () -> ofError + " is more than " + held);
        released.countDown();
        answer();
        Load ofResult = Objects.requireNonNull(Load.late(100, given.remove()));
        assertTrue(ofResult.own() <= held, () -> ofResult + " is more than " + held);
    }

    @Test
    void whatAProcessWaitedForIsGivenBackWhenItIsGone() throws InterruptedException {
        OtpErlangObject task = running();
        long before = account.held();
        call(CALLER, "get_result", task, new OtpErlangAtom("infinity"));
        assertTrue(account.held() > before + MARK);
        watched.get(new ProcessOwner(CALLER)).run();
        // The thread that ends owners has this to do behind it.
        call(OTHER, "get_result", task, new OtpErlangLong(1));
        assertTrue(answer().toString().contains("timeout"));
        assertEquals(before, account.held());
    }
}
