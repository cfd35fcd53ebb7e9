package io.llamanode.delivery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.ericsson.otp.erlang.OtpErlangAtom;
import com.ericsson.otp.erlang.OtpErlangLong;
import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpErlangPid;
import com.ericsson.otp.erlang.OtpErlangRef;
import com.ericsson.otp.erlang.OtpErlangTuple;
import io.llamanode.account.MemoryAccount;
import io.llamanode.protocol.JsonForm;
import io.llamanode.protocol.ProcessOwner;
import io.llamanode.service.FakeService;
import io.llamanode.service.LlamaService;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.Owner;
import io.llamanode.service.contract.Reply;
import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.SessionConfig;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is left of a call whose caller does not wait for the answer: nothing. */
@Timeout(value = 1, unit = TimeUnit.MINUTES)
final class GivenUpCallsTest {
    private static final Owner OTHER = new ProcessOwner(new OtpErlangPid("a@b", 90, 1, 7));
    private static final ProcessOwner CALLER = new ProcessOwner(new OtpErlangPid("a@b", 91, 1, 7));
    private static final OtpErlangRef ALIAS = new OtpErlangRef(90, "a@b", new int[] {1, 2, 3}, 7);
    private static final long HELD = 5000;

    private final Map<Owner, Runnable> watched = new ConcurrentHashMap<>();
    private final LlamaService service = FakeService.start(
            (owner, down) -> {
                watched.put(owner, down);
                return () -> watched.remove(owner, down);
            },
            model -> {});
    private final RequestHandler handler =
            new RequestHandler(service, new Mailbox(), (owner, down) -> () -> {}, "n@h", (path, fraction) -> {});
    private final List<OtpErlangObject> answers = new CopyOnWriteArrayList<>();
    private long task;

    /** Somebody else's task, which does not end. */
    @BeforeEach
    void start() throws Exception {
        long session = service.sessions().create(OTHER, new SessionConfig(null, null, GenerationOptions.NONE));
        CompletableFuture<Long> created = new CompletableFuture<>();
        service.createTask(
                OTHER, session, JsonForm.task("{\"prompt\": \"a\", \"n_predict\": 1000000000}", false), new Reply<>() {
                    @Override
                    public void ok(Long id) {
                        created.complete(id);
                    }

                    @Override
                    public void failed(Failure failure) {
                        created.completeExceptionally(new AssertionError(failure));
                    }
                });
        task = created.get();
    }

    @AfterEach
    void stop() {
        service.close();
    }

    private static OtpErlangTuple tuple(String name, OtpErlangObject... arguments) {
        OtpErlangObject[] elements = new OtpErlangObject[arguments.length + 1];
        elements[0] = new OtpErlangAtom(name);
        System.arraycopy(arguments, 0, elements, 1, arguments.length);
        return new OtpErlangTuple(elements);
    }

    private long held() {
        return service.account().balance().kinds().getOrDefault(MemoryAccount.Kind.CALL, 0L);
    }

    /** A wait for the result, and how it ends without one. */
    private void assertNothingIsLeft(Runnable end) {
        OtpErlangTuple request = tuple("get_result", new OtpErlangLong(task), new OtpErlangAtom("infinity"));
        handler.call(CALLER, ALIAS, HELD, request, answer -> answers.add(Mailbox.made(answer)));
        assertTrue(held() >= HELD);
        assertTrue(watched.containsKey(CALLER));
        end.run();
        // The end of a process is noticed on another thread.
        while (held() > 0 || watched.containsKey(CALLER)) {
            Thread.onSpinWait();
        }
        assertEquals(List.of(), answers);
    }

    @Test
    void nothingIsLeftOfAWaitWhoseMonitorHasEnded() {
        assertNothingIsLeft(() -> handler.giveUp(ALIAS));
    }

    @Test
    void nothingIsLeftOfAWaitThatACastGivesUp() {
        assertNothingIsLeft(() -> handler.cast(tuple("give_up", ALIAS)));
    }

    @Test
    void nothingIsLeftOfAWaitWhoseProcessIsGone() {
        assertNothingIsLeft(() -> watched.remove(CALLER).run());
    }
}
