package io.llamanode.transport.bridge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.llamanode.service.FakeService;
import io.llamanode.service.LlamaService;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.FailureException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiPredicate;
import jdk.net.UnixDomainPrincipal;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Who may use a bridge, and what those may do who have not said the secret yet. */
@Timeout(60)
@SuppressWarnings("try")
final class BridgeAccessTest {
    private static final String SECRET = "correct horse battery";
    private static final BiPredicate<String, Integer> NOBODY = (user, group) -> false;
    private static final Duration LONG = Duration.ofHours(1);

    @TempDir
    Path directory;

    private LlamaService service;

    @BeforeEach
    void start() {
        service = FakeService.start(Bridge.monitor((owner, down) -> () -> {}), model -> model.answer("Hi", "Hello"));
    }

    @AfterEach
    void stop() {
        service.close();
    }

    private Path socket() {
        return directory.resolve("b.sock");
    }

    private Path secret(String text) throws IOException {
        Path file = Files.writeString(directory.resolve("secret"), text);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        return file;
    }

    private Bridge guarded(Duration patience) throws IOException {
        BridgeAccess access = new BridgeAccess("rw-------", null, secret(SECRET + "\n"), NOBODY);
        return Bridge.open(
                BridgeConfig.of(socket(), "n@h").withAccess(access, true).withTimeouts(patience, LONG), service, () -> {
                    throw new AssertionError("the node is ended");
                });
    }

    @Test
    void theSecretComesFirst() throws Exception {
        try (Bridge bridge = guarded(LONG);
                LineClient client = new LineClient(socket())) {
            JsonNode refused = client.ask("INFER Hi");
            assertEquals("unauthorized", refused.path("data").path("code").asText());
            assertEquals(
                    "AUTH with the secret comes first", refused.path("message").asText());
            assertEquals(
                    "Authenticated",
                    client.ask("AUTH " + SECRET).path("message").asText());
            assertEquals("Hello", client.data("COMPLETE Hi").asText());
            assertEquals(
                    "Authenticated",
                    client.ask("AUTH " + SECRET).path("message").asText());
        }
    }

    @Test
    void triesAreBounded() throws Exception {
        try (Bridge bridge = guarded(LONG);
                LineClient client = new LineClient(socket())) {
            for (int i = 0; i < 3; i++) {
                assertEquals("unauthorized", client.code("AUTH " + SECRET + i));
            }
            assertTrue(client.isClosedByBridge());
        }
    }

    /** It says so on a connection that has not shown that it may. */
    @Test
    void aStrangersQuitEndsTheConnectionOnly() throws Exception {
        try (Bridge bridge = guarded(LONG);
                LineClient client = new LineClient(socket())) {
            assertEquals("bye", client.ask("QUIT").path("message").asText());
            assertTrue(client.isClosedByBridge());
        }
    }

    @Test
    void aStrangerWhoSaysNothingIsLetGo() throws Exception {
        try (Bridge bridge = guarded(Duration.ofMillis(1));
                LineClient client = new LineClient(socket())) {
            assertTrue(client.isClosedByBridge());
        }
    }

    @Test
    void whoDoesNotFinishALineIsLetGo() throws Exception {
        BridgeConfig config = BridgeConfig.of(socket(), "n@h").withTimeouts(Duration.ofMillis(1), LONG);
        try (Bridge bridge = Bridge.open(config, service, () -> {});
                LineClient idle = new LineClient(socket());
                LineClient halting = new LineClient(socket())) {
            halting.send("PIN".getBytes());
            assertTrue(halting.isClosedByBridge());
            assertEquals("pong", idle.ask("PING").path("message").asText(), "one that began nothing");
        }
    }

    @Test
    void whoTakesNothingOfItsAnswersIsLetGo() throws Exception {
        BridgeConfig config = BridgeConfig.of(socket(), "n@h").withTimeouts(LONG, Duration.ofMillis(1));
        try (Bridge bridge = Bridge.open(config, service, () -> {});
                LineClient deaf = new LineClient(socket())) {
            assertThrows(IOException.class, () -> {
                while (true) {
                    deaf.send("STATUS");
                }
            });
        }
    }

    @Test
    void quitMayEndTheNode() throws Exception {
        CountDownLatch ended = new CountDownLatch(1);
        BridgeConfig config = BridgeConfig.of(socket(), "n@h").withAccess(BridgeAccess.OWNER, true);
        try (Bridge bridge = Bridge.open(config, service, ended::countDown);
                LineClient client = new LineClient(socket())) {
            assertEquals("stopping", client.ask("QUIT").path("message").asText());
            assertTrue(ended.await(30, TimeUnit.SECONDS));
        }
    }

    @Test
    void theFileHasItsModeAndGroup() throws Exception {
        String group = Files.readAttributes(directory, PosixFileAttributes.class)
                .group()
                .getName();
        try (SocketFile file = SocketFile.listen(socket(), "rw-rw----", group)) {
            assertTrue(file.server().isOpen());
            PosixFileAttributes made = Files.readAttributes(socket(), PosixFileAttributes.class);
            assertEquals("rw-rw----", PosixFilePermissions.toString(made.permissions()));
            assertEquals(group, made.group().getName());
        }
        AccessException unknown =
                assertThrows(AccessException.class, () -> SocketFile.listen(socket(), "rw-rw----", "no such group"));
        assertEquals("bridge_group: there is no group no such group", unknown.getMessage());
        assertFalse(Files.exists(socket()));
    }

    @Test
    void aFileThatIsNoSecretIsRefused() throws Exception {
        for (String text : new String[] {"", "too short", "one line of enough text\nand another"}) {
            AccessException refused = assertThrows(AccessException.class, () -> Secret.read(secret(text)));
            assertTrue(refused.getMessage().startsWith("bridge_secret: "), refused.getMessage());
        }
        Path missing = directory.resolve("missing");
        assertEquals(
                "bridge_secret: there is no file " + missing,
                assertThrows(AccessException.class, () -> Secret.read(missing)).getMessage());
        Path open = secret(SECRET);
        Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rw-r-----"));
        assertTrue(assertThrows(AccessException.class, () -> Secret.read(open))
                .getMessage()
                .contains("chmod 600"));
    }

    private static UnixDomainPrincipal peer(String user, String group) throws IOException {
        UserPrincipalLookupService names = Path.of("/").getFileSystem().getUserPrincipalLookupService();
        UserPrincipal who = names.lookupPrincipalByName(user);
        GroupPrincipal with = names.lookupPrincipalByGroupName(group);
        return new UnixDomainPrincipal(who, with);
    }

    private static void assertRefused(Doorkeeper doorkeeper, UnixDomainPrincipal peer) {
        FailureException refused = assertThrows(FailureException.class, () -> doorkeeper.admit(peer));
        assertEquals(ErrorCode.UNAUTHORIZED, refused.failure().code());
        assertTrue(refused.failure().message().contains(peer.user().getName()));
    }

    @Test
    void theNodesUserRootAndTheGroupMayCome() throws Exception {
        Path file = Files.createFile(directory.resolve("file"));
        PosixFileAttributes made = Files.readAttributes(file, PosixFileAttributes.class);
        String own = made.group().getName();
        Doorkeeper doorkeeper = new Doorkeeper(file, null, NOBODY, System::nanoTime);
        doorkeeper.admit(
                new UnixDomainPrincipal(made.owner(), peer("nobody", "nogroup").group()));
        doorkeeper.admit(peer("root", "nogroup"));
        doorkeeper.admit(peer("nobody", own));
        assertRefused(doorkeeper, peer("nobody", "nogroup"));
        int number = (int) Files.getAttribute(file, "unix:gid");
        new Doorkeeper(file, null, (user, group) -> user.equals("nobody") && group == number, System::nanoTime)
                .admit(peer("nobody", "nogroup"));
    }

    @Test
    void aUserHasSoManyTriesAMinuteWithAnyNumberOfConnections() throws Exception {
        AtomicLong clock = new AtomicLong();
        Path file = Files.createFile(directory.resolve("file"));
        Doorkeeper doorkeeper = new Doorkeeper(file, Secret.read(secret(SECRET)), NOBODY, clock::get);
        for (int i = 0; i < 29; i++) {
            assertFalse(doorkeeper.knows("app", "guess " + i));
        }
        assertTrue(doorkeeper.knows("app", SECRET), "which is no guess");
        assertFalse(doorkeeper.knows("app", "guess"));
        FailureException tooOften = assertThrows(FailureException.class, () -> doorkeeper.knows("app", SECRET));
        assertEquals(ErrorCode.SERVER_BUSY, tooOften.failure().code());
        assertTrue(doorkeeper.knows("other", SECRET));
        clock.addAndGet(TimeUnit.MINUTES.toNanos(1));
        assertTrue(doorkeeper.knows("app", SECRET));
    }
}
