package io.llamanode.remote.own;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real processes, which are shells in the place of servers: whether they are ready is for the test to say. */
@Tag("process")
class OwnedServerTest {
    private static final long BOUND_MS = 60_000;

    private final List<String> keys = new ArrayList<>();
    private final BlockingQueue<String> heard = new LinkedBlockingQueue<>();
    private final FakeClient client = new FakeClient();
    private @Nullable OwnedServer server;

    @TempDir
    private Path directory;

    private class FakeClient implements OwnedServer.Client {
        private volatile @Nullable String notYet;
        private volatile String url = "";

        @Override
        public void moved(String there, String key) {
            url = there;
            keys.add(key);
        }

        @Override
        public @Nullable String ask(long limitMs) {
            return notYet;
        }

        @Override
        public void up() {
            heard.add("up");
        }

        @Override
        public void down(String why) {
            heard.add(why);
        }
    }

    @AfterEach
    void end() {
        if (server != null) {
            server.close();
        }
    }

    private OwnedServer of(@Nullable String key, long boundMs, OwnedServer.Client asks, String script) {
        server = new OwnedServer(List.of("/bin/sh", "-c", script, "{port}"), key, boundMs, asks, said -> said);
        return server;
    }

    private OwnedServer of(String script) {
        return of(null, BOUND_MS, client, script);
    }

    private static ProcessHandle process(OwnedServer of) {
        return ProcessHandle.of(Objects.requireNonNull(of.pid())).orElseThrow();
    }

    private static void awaitEnd(ProcessHandle process) {
        process.onExit().join();
    }

    private String refusal() {
        return String.valueOf(assertThrows(
                        StartException.class,
                        () -> Objects.requireNonNull(server).start())
                .getMessage());
    }

    @Test
    void itRunsWhileItIsOwned() throws Exception {
        OwnedServer owned = of("exec sleep 600");
        owned.start();
        assertNull(owned.trouble());
        ProcessHandle process = process(owned);
        assertTrue(process.isAlive());
        owned.close();
        awaitEnd(process);
        assertNull(owned.pid());
    }

    @Test
    void itLearnsItsKeyFromTheEnvironmentAndItsPortFromTheCommand() throws Exception {
        Path said = directory.resolve("said");
        CompletableFuture<String> asked = new CompletableFuture<>();
        OwnedServer owned = of(
                "sesame",
                BOUND_MS,
                new FakeClient() {
                    @Override
                    public @Nullable String ask(long limitMs) {
                        try {
                            String text = Files.exists(said) ? Files.readString(said) : "";
                            asked.complete(text);
                            return text.endsWith("\n") ? null : "it has not said it yet";
                        } catch (IOException e) {
                            throw new UncheckedIOException(e);
                        }
                    }

                    @Override
                    public void moved(String there, String key) {
                        heard.add(URI.create(there).getPort() + " " + key + "\n");
                    }
                },
                "echo \"$0 $LLAMA_API_KEY\" > " + said + "; exec sleep 600");
        owned.start();
        assertEquals(heard.take(), Files.readString(said));
    }

    @Test
    void anEndBeforeItIsReadyIsToldWithItsStatusAndItsLastLines() {
        client.notYet = "connection refused";
        of("echo loading; echo no such model >&2; exit 3");
        assertEquals(
                "/bin/sh ended with exit status 3 before it was ready; its last lines: loading; no such model",
                refusal());
    }

    @Test
    void anAnswerOfSomebodyElseDoesNotMakeItReady() {
        of("exit 3");
        client.notYet = null;
        OwnedServer.Client stranger = new FakeClient() {
            @Override
            public @Nullable String ask(long limitMs) {
                // Its process has ended by now.
                awaitEnd(process(Objects.requireNonNull(server)));
                return null;
            }
        };
        of(null, BOUND_MS, stranger, "sleep 0.2; exit 3");
        assertEquals("/bin/sh ended with exit status 3 before it was ready", refusal());
    }

    @Test
    void oneThatIsNeverReadyIsEndedWhenItsTimeHasPassed() {
        List<ProcessHandle> processes = new ArrayList<>();
        of(
                null,
                300,
                new FakeClient() {
                    @Override
                    public String ask(long limitMs) {
                        processes.add(process(Objects.requireNonNull(server)));
                        return "it loads";
                    }
                },
                "echo 10%; exec sleep 600");
        assertEquals(
                "/bin/sh was not ready within 300 ms (request_timeout_ms): it loads; its last lines: 10%", refusal());
        awaitEnd(processes.getFirst());
        assertNull(Objects.requireNonNull(server).pid());
    }

    @Test
    void aMissingProgramIsNamed() {
        server = new OwnedServer(List.of("no-such-server"), null, BOUND_MS, client, said -> said);
        assertTrue(refusal().startsWith("command: there is no program 'no-such-server' in PATH"));
    }

    @Test
    void oneThatIgnoresTheWishToEndIsKilled() throws Exception {
        Path ready = directory.resolve("ready");
        OwnedServer owned = of(
                null,
                BOUND_MS,
                new FakeClient() {
                    @Override
                    public @Nullable String ask(long limitMs) {
                        return Files.exists(ready) ? null : "it does not ignore it yet";
                    }
                },
                "trap '' TERM; : > " + ready + "; while :; do sleep 0.1; done");
        owned.start();
        ProcessHandle process = process(owned);
        owned.close();
        awaitEnd(process);
    }

    @Test
    void whatItStartedEndsWithIt() throws Exception {
        Path started = directory.resolve("started");
        OwnedServer owned = of(
                null,
                BOUND_MS,
                new FakeClient() {
                    @Override
                    public @Nullable String ask(long limitMs) {
                        try {
                            return Files.exists(started)
                                            && Files.readString(started).endsWith("\n")
                                    ? null
                                    : "not yet";
                        } catch (IOException e) {
                            throw new UncheckedIOException(e);
                        }
                    }
                },
                "sleep 600 & echo $! > " + started + "; wait");
        owned.start();
        ProcessHandle grandchild = ProcessHandle.of(
                        Long.parseLong(Files.readString(started).strip()))
                .orElseThrow();
        process(owned).destroyForcibly();
        awaitEnd(grandchild);
    }

    @Test
    void oneThatEndsIsStartedAgainElsewhereWithAnotherKey() throws Exception {
        OwnedServer owned = of("exec sleep 600");
        owned.start();
        long first = Objects.requireNonNull(owned.pid());
        String url = client.url;
        client.notYet = "it loads";
        process(owned).destroyForcibly();
        String why = heard.take();
        assertTrue(why.contains("process %d was ended by signal 9 (exit status 137)".formatted(first)), why);
        assertEquals(why, owned.trouble());
        client.notYet = null;
        assertEquals("up", heard.take());
        assertNull(owned.trouble());
        assertNotEquals(first, owned.pid());
        assertNotEquals(url, client.url);
        assertNotEquals(keys.getFirst(), keys.getLast());
    }

    @Test
    void aStartThatFailsLaterIsTriedAgain() throws Exception {
        Path broken = directory.resolve("broken");
        Path fine = directory.resolve("fine");
        OwnedServer owned = of(
                null,
                BOUND_MS,
                new FakeClient() {
                    @Override
                    public @Nullable String ask(long limitMs) {
                        return Files.exists(fine) ? null : "connection refused";
                    }
                },
                "if [ -e %s ]; then rm %s; exit 9; fi; : > %s; exec sleep 600".formatted(broken, broken, fine));
        owned.start();
        Files.createFile(broken);
        Files.delete(fine);
        process(owned).destroyForcibly();
        heard.take();
        assertEquals("up", heard.take());
        assertFalse(Files.exists(broken));
        assertTrue(process(owned).isAlive());
    }

    @Test
    void aPortThatIsTakenInBetweenIsLeftToWhoTookIt() throws Exception {
        List<Integer> ports = new ArrayList<>();
        List<ServerSocket> thief = new ArrayList<>();
        Path taken = directory.resolve("taken");
        try {
            OwnedServer owned = of(
                    null,
                    BOUND_MS,
                    new FakeClient() {
                        @Override
                        public void moved(String url, String key) {
                            int port = URI.create(url).getPort();
                            ports.add(port);
                            try {
                                if (ports.size() == 1) {
                                    thief.add(new ServerSocket(port, 1, InetAddress.ofLiteral("127.0.0.1")));
                                    Files.writeString(taken, Integer.toString(port));
                                }
                            } catch (IOException e) {
                                throw new UncheckedIOException(e);
                            }
                        }

                        @Override
                        public @Nullable String ask(long limitMs) {
                            return ports.size() == 1 ? "somebody else answers" : null;
                        }
                    },
                    "[ $0 = \"$(cat " + taken + ")\" ] && exit 1; exec sleep 600");
            owned.start();
            assertEquals(2, ports.size());
            assertTrue(process(owned).isAlive());
        } finally {
            for (ServerSocket socket : thief) {
                socket.close();
            }
        }
    }

    @Test
    void oneWhoseWatchIsKilledIsEndedAndStartedAgain() throws Exception {
        OwnedServer owned = of("exec sleep 600");
        owned.start();
        ProcessHandle process = process(owned);
        process.parent().orElseThrow().destroyForcibly();
        awaitEnd(process);
        heard.take();
        assertEquals("up", heard.take());
        assertTrue(process(owned).isAlive());
    }

    @Test
    void oneThatMayComeLaterIsNotWaitedFor() throws Exception {
        client.notYet = "it loads";
        OwnedServer owned = of("exec sleep 600");
        owned.startLater();
        assertFalse(Objects.requireNonNull(owned.trouble()).isEmpty());
        client.notYet = null;
        assertEquals("up", heard.take());
        assertNull(owned.trouble());
    }
}
