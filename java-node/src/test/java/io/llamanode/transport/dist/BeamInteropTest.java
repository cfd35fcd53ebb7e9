package io.llamanode.transport.dist;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.ericsson.otp.erlang.OtpErlangAtom;
import com.ericsson.otp.erlang.OtpErlangPid;
import io.llamanode.transport.dist.Beam.PrivateEpmd;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The node and real BEAMs. */
@Timeout(30)
@Tag("process")
final class BeamInteropTest {
    private static final String CALL = "gen_server:call({llama_node, 'j@localhost'}, ";

    private PrivateEpmd epmd;
    private Echo echo;
    private DistNode node;
    private Beam beam;

    @BeforeEach
    void start() throws Exception {
        Assumptions.assumeTrue(Beam.available(), "erl and epmd are not on the PATH");
        epmd = new PrivateEpmd(PrivateEpmd.freePort());
        echo = new Echo();
        node = Echo.start(config("j@localhost"), echo);
        beam = Beam.start("b@localhost", "secret", epmd.port);
    }

    @AfterEach
    void stop() {
        for (AutoCloseable open : new AutoCloseable[] {beam, node, epmd}) {
            if (open != null) {
                try {
                    open.close();
                } catch (Exception e) {
                    throw new AssertionError(e);
                }
            }
        }
    }

    private DistConfig config(String name) {
        return setup(name).build();
    }

    private DistConfig.Builder setup(String name) {
        return DistConfig.named(name, "secret").epmdPort(epmd.port);
    }

    @Test
    void callsAreAnswered() {
        assertEquals("pong", beam.eval(CALL + "ping)."));
        assertEquals(
                "{a,#{b => [1,2.5,<<\"x\">>,\"text\"]},100000000000000000000}",
                beam.eval(CALL + "{a, #{b => [1, 2.5, <<\"x\">>, \"text\"]}, 100000000000000000000})."));
        assertEquals("true", beam.eval("T = make_ref(), T =:= " + CALL + "T)."));
        assertEquals(
                "{reply,pong}",
                beam.eval(
                        "gen_server:wait_response(gen_server:send_request({llama_node, 'j@localhost'}, ping), 60000)."));
        assertEquals(List.of("b@localhost"), node.peers());
    }

    @Test
    void longNames() throws Exception {
        Echo other = new Echo();
        try (DistNode longNamed = Echo.start(config("j2@127.0.0.1"), other);
                Beam caller = Beam.start("b2@127.0.0.1", "secret", epmd.port)) {
            assertEquals("pong", caller.eval("gen_server:call({llama_node, 'j2@127.0.0.1'}, ping)."));
            assertEquals(List.of("b2@127.0.0.1"), longNamed.peers());
        }
    }

    @Test
    void pingAndHiddenness() {
        assertEquals("pong", beam.eval("net_adm:ping('j@localhost')."));
        assertEquals("{[],[j@localhost]}", beam.eval("{nodes(), nodes(hidden)}."));
    }

    @Test
    void castsAndOtherMessages() throws Exception {
        beam.eval("gen_server:cast({llama_node, 'j@localhost'}, hello).");
        echo.await("cast hello");
        beam.eval("{llama_node, 'j@localhost'} ! stray.");
        echo.await("other stray");
        beam.eval("{nobody, 'j@localhost'} ! stray, {llama_node, 'j@localhost'} ! last.");
        echo.await("other last");
        assertEquals(1, node.health().dropped());
    }

    @Test
    void aTimedOutCallLeavesNoStrayMessage() throws Exception {
        assertTrue(beam.eval("catch " + CALL + "hold, 1).").startsWith("{'EXIT',{timeout,"));
        assertTrue(node.reply(echo.held.take(), new OtpErlangAtom("late")));
        // The second answer is behind the late one on the same connection.
        assertEquals("pong", beam.eval(CALL + "ping)."));
        assertEquals("{messages,[]}", beam.eval("process_info(self(), messages)."));
    }

    @Test
    void aHandlerThatThrowsLosesOnlyItsCall() {
        assertTrue(beam.eval("catch " + CALL + "{fail}, 1).").startsWith("{'EXIT',{timeout,"));
        assertEquals("pong", beam.eval(CALL + "ping)."));
    }

    @Test
    void unknownNamesAndPidsAreNoproc() throws Exception {
        assertEquals(
                "{exit,{noproc,{gen_server,call,[{nobody,j@localhost},ping,infinity]}}}",
                beam.eval("gen_server:call({nobody, 'j@localhost'}, ping, infinity)."));
        assertEquals(
                "noproc",
                beam.eval("{_, _} = " + CALL + "{self, self()}), P = " + pid(77)
                        + ", R = monitor(process, P), receive {'DOWN', R, process, P, Why} -> Why end."));
        assertEquals(
                "noproc",
                beam.eval("process_flag(trap_exit, true), P = " + pid(78)
                        + ", link(P), receive {'EXIT', P, Why} -> process_flag(trap_exit, false), Why end."));
        assertEquals("pong", beam.eval(CALL + "ping)."));
    }

    /** A pid of this node with another number, made from the external form of the real one. */
    private String pid(int number) {
        OtpErlangPid self = node.self();
        return "binary_to_term(<<131, 88, 119, 11, \"j@localhost\", " + number + ":32, 0:32, "
                + Integer.toUnsignedString(self.creation()) + ":32>>)";
    }

    @Test
    void linksToTheNodesPid() {
        assertEquals(
                "true",
                beam.eval("P = " + pid(1) + ", link(P), unlink(P), exit(P, kill), P ! x, "
                        + "gen_server:call(P, ping) =:= pong."));
    }

    @Test
    void monitorsOnTheNodeFireWhenItEnds() {
        beam.eval(CALL + "ping).");
        assertEquals("ok", beam.eval("put(ref, monitor(process, {llama_node, 'j@localhost'})), ok."));
        assertEquals("pong", beam.eval(CALL + "ping)."));
        node.close();
        assertEquals(
                "{{llama_node,j@localhost},noconnection}",
                beam.eval("R = get(ref), receive {'DOWN', R, process, What, Why} -> {What, Why} end."));
    }

    @Test
    void pendingCallsEndWithTheNode() throws Exception {
        beam.submit("catch " + CALL + "hold, infinity).");
        echo.held.take();
        node.close();
        assertEquals(
                "{'EXIT',{{nodedown,j@localhost},{gen_server,call,[{llama_node,j@localhost},hold,infinity]}}}",
                beam.result());
    }

    @Test
    void monitorsOnProcesses() throws Exception {
        beam.eval("put(p, spawn(fun() -> receive stop -> exit({deep, lists:foldl(fun(_, A) -> [A] end, [], "
                + "lists:seq(1, 1000))}) end end)), ok.");
        beam.eval(CALL + "{monitor, get(p)}).");
        assertEquals("pong", beam.eval(CALL + "ping)."));
        assertFalse(echo.events.contains("process down"));
        beam.eval("get(p) ! stop.");
        echo.await("process down");
        beam.eval(CALL + "{monitor, get(p)}).");
        echo.await("process down");
        assertEquals(0, node.health().monitors());
        assertEquals(List.of("b@localhost"), node.peers());
    }

    @Test
    void demonitoredProcessesDieUnnoticed() throws Exception {
        beam.eval("put(p, spawn(fun() -> receive stop -> ok end end)), ok.");
        beam.eval(CALL + "{monitor, get(p)}).");
        echo.monitor.demonitor();
        assertEquals(0, node.health().monitors());
        // The first call makes sure that the demonitor has been read before the process dies.
        beam.eval(CALL + "ping).");
        assertEquals("{monitored_by,[]}", beam.eval("process_info(get(p), monitored_by)."));
        beam.eval("R = monitor(process, get(p)), get(p) ! stop, receive {'DOWN', R, _, _, _} -> ok end.");
        beam.eval(CALL + "ping).");
        assertFalse(echo.events.contains("process down"));
    }

    @Test
    void aKilledBeamFiresItsMonitorsAndOthersGoOn() throws Exception {
        try (Beam second = Beam.start("c@localhost", "secret", epmd.port)) {
            second.eval(CALL + "{monitor, self()}).");
            assertEquals("pong", beam.eval(CALL + "ping)."));
            second.signal("KILL");
            echo.await("process down");
            echo.await("down c@localhost");
            assertEquals("pong", beam.eval(CALL + "ping)."));
        }
    }

    @Test
    void monitorOnANodeThatIsNotConnectedFiresAtOnce() throws Exception {
        beam.eval(CALL + "ping).");
        node.monitor(new OtpErlangPid("nobody@localhost", 1, 0, 1), () -> echo.events.add("gone"));
        echo.await("gone");
        assertFalse(node.send(new OtpErlangPid("nobody@localhost", 1, 0, 1), new OtpErlangAtom("x")));
    }

    @Test
    void aWrongCookieIsRefusedAndDisturbsNobody() throws Exception {
        assertEquals("pong", beam.eval(CALL + "ping)."));
        try (Beam stranger = Beam.start("s@localhost", "guess", epmd.port)) {
            assertEquals("pang", stranger.eval("net_adm:ping('j@localhost')."));
        }
        assertEquals("pong", beam.eval(CALL + "ping)."));
        assertEquals(List.of("b@localhost"), node.peers());
        assertTrue(node.health().refused() > 0);
    }

    @Test
    void peersThatAreNotAllowed() throws Exception {
        Echo other = new Echo();
        try (DistNode strict = Echo.start(
                        setup("k@localhost").allowed("b@localhost"::equals).build(), other);
                Beam stranger = Beam.start("s@localhost", "secret", epmd.port)) {
            assertEquals("pang", stranger.eval("net_adm:ping('k@localhost')."));
            assertEquals("pong", beam.eval("net_adm:ping('k@localhost')."));
            assertEquals(List.of("b@localhost"), strict.peers());
        }
    }

    @Test
    void twentyFiveMegabytesBothWays() throws Exception {
        DistConfig large = setup("large@localhost").limits(64 << 20, 64, 10).build();
        try (DistNode accepting = Echo.start(large, new Echo())) {
            assertEquals(
                    "true",
                    beam.eval("B = binary:copy(<<1, 2, 3, 4, 5>>, 5000000), " + "B =:= gen_server:call({llama_node, '"
                            + accepting.nodeName() + "'}, B, infinity)."));
        }
    }

    @Test
    void aCallThatIsTooLongIsAnsweredAndTheConnectionStays() throws Exception {
        String call = "(fun (B) -> " + CALL + "B, infinity) end)(binary:copy(<<0>>, 20000000)).";
        assertTrue(beam.eval(call).startsWith("{bad,<<\"a message of 2000"));
        beam.eval("{llama_node, 'j@localhost'} ! binary:copy(<<0>>, 20000000), ok.");
        assertEquals("pong", beam.eval(CALL + "ping)."));
        assertEquals(List.of("b@localhost"), node.peers());
        assertEquals(1, node.health().dropped());
    }

    @Test
    void badRequestsAreAnswered() {
        assertEquals(
                "{bad,<<\"nested deeper than 64\">>}",
                beam.eval(CALL + "lists:foldl(fun(_, A) -> [A] end, [], lists:seq(1, 100000)))."));
        assertEquals(
                "{bad,<<\"more than 1000000 elements\">>}",
                beam.eval(CALL + "maps:from_list([{I, I} || I <- lists:seq(1, 1000000)]), infinity)."));
        assertEquals("{bad,<<\"an integer of 1251 bytes\">>}", beam.eval(CALL + "1 bsl 10000)."));
        assertEquals("pong", beam.eval(CALL + "ping)."));
    }

    @Test
    void aStoppedBeamIsGivenUpAloneAndCanComeBack() throws Exception {
        node.close();
        echo = new Echo();
        node = Echo.start(
                setup("j@localhost")
                        .deadlines(Duration.ofSeconds(5), Duration.ofSeconds(1), Duration.ofSeconds(75))
                        .build(),
                echo);
        try (Beam stopped = Beam.start("c@localhost", "secret", epmd.port)) {
            String pid = stopped.eval(CALL + "ping), pid_to_list(self()).");
            assertEquals(
                    "ok",
                    beam.eval("net_kernel:connect_node('c@localhost'), "
                            + "put(pid, rpc:call('c@localhost', erlang, list_to_pid, [" + pid + "])), ok."));
            stopped.eval("erlang:monitor_node('j@localhost', true).");
            stopped.signal("STOP");
            assertEquals(
                    "{flood,40,1048576}",
                    beam.eval("{flood, _, N, S} = " + CALL
                            + "{flood, get(pid), 40, 1048576}, infinity), {flood, N, S}."));
            echo.await("down c@localhost");
            assertEquals(1, node.health().stalled());
            assertEquals("pong", beam.eval(CALL + "ping)."));
            stopped.signal("CONT");
            stopped.eval("receive {nodedown, 'j@localhost'} -> ok end.");
            assertEquals("pong", stopped.eval(CALL + "ping)."));
        }
    }

    @Test
    void reconnects() throws Exception {
        assertEquals("pong", beam.eval(CALL + "ping)."));
        assertEquals("true", beam.eval("erlang:disconnect_node('j@localhost')."));
        echo.await("down b@localhost");
        assertEquals("pong", beam.eval(CALL + "ping)."));
        echo.await("up b@localhost");
    }

    @Test
    void registersAgainAfterEpmdHasRestarted() throws Exception {
        epmd.close();
        epmd = new PrivateEpmd(epmd.port);
        epmd.await("registering 'j:");
        assertEquals("pong", beam.eval(CALL + "ping)."));
        assertTrue(beam.eval("net_adm:names(localhost).").contains("\"j\""));
    }

    @Test
    void takenNamesAndAbsentEpmd() throws Exception {
        DistStartException taken =
                assertThrows(DistStartException.class, () -> DistNode.start(config("j@localhost"), new Echo()));
        assertEquals(DistStartException.Reason.NAME_TAKEN, taken.reason());
        DistStartException absent = assertThrows(
                DistStartException.class,
                () -> DistNode.start(
                        setup("x@localhost").epmdPort(PrivateEpmd.freePort()).build(), new Echo()));
        assertEquals(DistStartException.Reason.EPMD_ABSENT, absent.reason());
        DistStartException bound = assertThrows(
                DistStartException.class,
                () -> DistNode.start(
                        setup("x@localhost").bind(null).port(node.port()).build(), new Echo()));
        assertEquals(DistStartException.Reason.BIND_FAILED, bound.reason());
        node.close();
        node = Echo.start(config("j@localhost"), echo);
        assertEquals("pong", beam.eval(CALL + "ping)."));
    }

    @Test
    void ticksKeepAnIdleConnection() throws Exception {
        Echo other = new Echo();
        DistConfig fast = setup("k@localhost")
                .deadlines(Duration.ofSeconds(5), Duration.ofSeconds(5), Duration.ofSeconds(2))
                .build();
        try (DistNode ticking = Echo.start(fast, other);
                Beam quick = Beam.start("q@localhost", "secret", epmd.port, "-kernel", "net_ticktime", "1")) {
            assertEquals("pong", quick.eval("net_adm:ping('k@localhost')."));
            // At each of its ticks, four in a net_ticktime, a BEAM looks whether something has come since the last
            // ones.
            quick.eval("{ok, Info} = net_kernel:node_info('k@localhost'), "
                    + "1 = erlang:trace(proplists:get_value(owner, Info), true, ['receive']), "
                    + "[receive {trace, _, 'receive', {_, tick}} -> ok end || _ <- lists:seq(1, 12)].");
            assertEquals("[k@localhost]", quick.eval("nodes(hidden)."));
            assertEquals(List.of("q@localhost"), ticking.peers());
            quick.signal("STOP");
            other.await("down q@localhost");
        }
    }
}
