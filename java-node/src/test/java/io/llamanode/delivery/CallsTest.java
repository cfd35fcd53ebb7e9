package io.llamanode.delivery;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.ericsson.otp.erlang.OtpErlangAtom;
import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpErlangRef;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Callers that give up, each by the alias of its call. */
final class CallsTest {
    private static final OtpErlangObject PONG = new OtpErlangAtom("pong");

    private final Calls calls = new Calls();
    private final List<String> undone = new ArrayList<>();
    private final List<OtpErlangObject> answers = new ArrayList<>();

    private static OtpErlangRef alias(int id, int creation) {
        return new OtpErlangRef(90, "a@b", new int[] {id, 2, 3}, creation);
    }

    private Calls.Call waiting(int id, int creation) {
        Calls.Call call = calls.begin(alias(id, creation), answers::add);
        call.whenGivenUp(() -> undone.add(id + "." + creation));
        return call;
    }

    @Test
    void eachIsGivenUpByItsOwnAliasAndOnce() {
        waiting(1, 7);
        waiting(2, 7);
        waiting(1, 8);
        calls.giveUp(alias(2, 7));
        calls.giveUp(alias(2, 7));
        calls.giveUp(alias(3, 7));
        calls.giveUp(alias(1, 8));
        assertEquals(List.of("2.7", "1.8"), undone);
        assertEquals(1, calls.size());
    }

    @Test
    void whatIsAnsweredCannotBeGivenUpAndIsForgotten() {
        Calls.Call call = waiting(1, 7);
        call.accept(PONG);
        call.whenGivenUp(() -> undone.add("late"));
        assertEquals(0, calls.size());
        calls.giveUp(alias(1, 7));
        assertEquals(List.of(), undone);
        assertEquals(List.of(PONG), answers);
    }

    /** Whatever is held for a call is given back, answered or not, and once. */
    @Test
    void eachIsOverOnce() {
        Calls.Call answered = waiting(1, 7);
        answered.whenOver(() -> undone.add("answered"));
        answered.accept(PONG);
        Calls.Call overdue = waiting(2, 7);
        overdue.whenOver(() -> undone.add("overdue"));
        calls.giveUp(alias(2, 7));
        overdue.accept(PONG);
        Calls.Call abandoned = waiting(3, 7);
        abandoned.whenOver(() -> undone.add("abandoned"));
        abandoned.end();
        assertEquals(List.of("answered", "2.7", "overdue", "abandoned"), undone);
        assertEquals(0, calls.size());
    }

    @Test
    void whatWasSaidLastCounts() {
        Calls.Call call = waiting(1, 7);
        call.whenGivenUp(() -> undone.add("more"));
        calls.giveUp(alias(1, 7));
        assertEquals(List.of("more"), undone);
    }

    @Test
    void aCallWithoutAnAliasIsNotKept() {
        calls.begin(null, answers::add).whenGivenUp(() -> undone.add("never"));
        assertEquals(0, calls.size());
    }
}
