package io.llamanode.remote.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.pem.TestCertificates;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.model.ServerConfig;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.Map;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A server whose certificate is not one that is trusted. */
class ServerClientTlsTest {
    @TempDir
    Path directory;

    private SSLServerSocket listener;
    private X509Certificate certificate;

    @BeforeEach
    void listen() throws Exception {
        KeyPair keys = TestCertificates.keys("EC");
        certificate = TestCertificates.certificate("elsewhere", keys);
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setKeyEntry("key", keys.getPrivate(), new char[0], new X509Certificate[] {certificate});
        KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(store, new char[0]);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(factory.getKeyManagers(), null, null);
        listener = (SSLServerSocket)
                context.getServerSocketFactory().createServerSocket(0, 5, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().start(() -> {
            while (true) {
                try (Socket socket = listener.accept()) {
                    socket.getInputStream().read();
                } catch (IOException e) {
                    if (listener.isClosed()) {
                        return;
                    }
                }
            }
        });
    }

    @AfterEach
    void close() throws IOException {
        listener.close();
    }

    private ServerConfig config(ServerConfig.Tls tls) {
        return new ServerConfig(
                URI.create("https://127.0.0.1:" + listener.getLocalPort()),
                null,
                null,
                true,
                false,
                false,
                Map.of(),
                null,
                tls,
                ServerConfig.Timeouts.DEFAULTS,
                null,
                null,
                null);
    }

    private Trouble trouble(ServerConfig.Tls tls) {
        try (ServerClient client = new ServerClient(config(tls))) {
            return assertThrows(TroubleException.class, () -> client.ask("/", null, 10_000))
                    .trouble();
        }
    }

    @Test
    void theSystemsAuthoritiesAreAskedFirst() {
        Trouble trouble = trouble(ServerConfig.Tls.SYSTEM);
        assertEquals(Trouble.Kind.UNREACHABLE, trouble.kind());
        assertTrue(trouble.message().startsWith("TLS: "), trouble.message());
    }

    @Test
    void aCertificateOfAnotherHostIsRefusedThoughItsAuthorityIsTrusted() throws Exception {
        Path file = TestCertificates.pem(directory.resolve("ca.pem"), "CERTIFICATE", certificate.getEncoded());
        Trouble trouble = trouble(new ServerConfig.Tls(file, null, null));
        assertEquals(Trouble.Kind.UNREACHABLE, trouble.kind());
        assertTrue(trouble.message().startsWith("TLS: "), trouble.message());
    }

    @Test
    void filesThatAreUnfitAreNamedByTheirKeys() throws Exception {
        Path none = directory.resolve("none.pem");
        Path empty = Files.createFile(directory.resolve("empty.pem"));
        for (var unfit : Map.of(
                        "cacertfile", new ServerConfig.Tls(none, null, null),
                        "certfile", new ServerConfig.Tls(null, empty, null),
                        "keyfile", new ServerConfig.Tls(null, null, empty))
                .entrySet()) {
            String message = assertThrows(FailureException.class, () -> new ServerClient(config(unfit.getValue())))
                    .failure()
                    .message();
            assertTrue(message.startsWith(unfit.getKey() + ":"), message);
        }
    }
}
