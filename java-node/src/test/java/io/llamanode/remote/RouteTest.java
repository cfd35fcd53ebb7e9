package io.llamanode.remote;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.pem.TestCertificates;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.model.Secret;
import io.llamanode.service.contract.model.ServerConfig;
import java.net.URI;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The ways to a server: TLS with authorities and certificates of the node's own choice, and proxies. */
class RouteTest extends ServerFixture {
    @TempDir
    Path directory;

    private Path authority;
    private Path nodes;
    private SSLContext context;

    @BeforeEach
    void makeCertificates() throws Exception {
        KeyPair serversKeys = TestCertificates.keys("EC");
        X509Certificate servers = TestCertificates.ofLoopback("server", serversKeys);
        authority = TestCertificates.pem(directory.resolve("ca.pem"), "CERTIFICATE", servers.getEncoded());
        KeyPair nodesKeys = TestCertificates.keys("EC");
        X509Certificate nodesOwn = TestCertificates.ofLoopback("node", nodesKeys);
        nodes = TestCertificates.pem(directory.resolve("node.pem"), "CERTIFICATE", nodesOwn.getEncoded());
        TestCertificates.pem(nodes, "PRIVATE KEY", nodesKeys.getPrivate().getEncoded());
        KeyStore keys = KeyStore.getInstance("PKCS12");
        keys.load(null, null);
        keys.setKeyEntry("key", serversKeys.getPrivate(), new char[0], new X509Certificate[] {servers});
        KeyManagerFactory own = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        own.init(keys, new char[0]);
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry("node", nodesOwn);
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        context = SSLContext.getInstance("TLS");
        context.init(own.getKeyManagers(), trust.getTrustManagers(), null);
    }

    private void useTls(boolean needsCertificate) {
        server.close();
        server = ScriptedServer.ofTls(context, needsCertificate).likeLlamaServer(1, 256);
        server.on(CHAT, (request, connection) -> connection.events(HELLO, STOP, "[DONE]"));
    }

    private static ServerConfig config(URI url, ServerConfig.Tls tls, URI proxy) {
        return new ServerConfig(
                url,
                null,
                new Secret(KEY),
                true,
                false,
                false,
                Map.of("X-Team", new Secret(TEAM)),
                proxy,
                tls,
                ServerConfig.Timeouts.DEFAULTS,
                null,
                null,
                null);
    }

    private Failure refused(ServerConfig.Tls tls, URI proxy) {
        return assertThrows(FailureException.class, () -> open(config(server.url(), tls, proxy)))
                .failure();
    }

    @Test
    void aGivenAuthorityIsTrusted() throws Exception {
        useTls(false);
        open(config(server.url(), new ServerConfig.Tls(authority, null, null), null));
        assertEquals("Hello", ask().answer().content());
        assertEquals("Bearer " + KEY, server.next(CHAT).headers().get("Authorization"));
    }

    @Test
    void withoutItTheSystemsAuthoritiesDecideAndTheReasonIsTold() {
        useTls(false);
        assertFails(ErrorCode.MODEL_LOAD_FAILED, "TLS: ", refused(ServerConfig.Tls.SYSTEM, null));
    }

    @Test
    void aCertificateIsShownWhereTheServerAsksForOne() throws Exception {
        useTls(true);
        assertFails(ErrorCode.MODEL_LOAD_FAILED, "TLS: ", refused(new ServerConfig.Tls(authority, null, null), null));
        open(config(server.url(), new ServerConfig.Tls(authority, nodes, null), null));
        assertEquals("Hello", ask().answer().content());
    }

    @Test
    void aProxyPassesRequestsToAServerOfHttpOn() throws Exception {
        List<ScriptedServer.Request> passed = Collections.synchronizedList(new ArrayList<>());
        server.close();
        server = new ScriptedServer();
        server.onAny((request, connection) -> {
            passed.add(request);
            if (request.path().endsWith("/v1/models")) {
                connection.json("{\"data\":[{\"id\":\"far\"}]}");
            } else if (request.path().endsWith(CHAT)) {
                connection.events(HELLO, STOP, "[DONE]");
            } else {
                connection.whole(404, "text/plain", "none");
            }
        });
        open(config(URI.create("http://gpu.invalid:8080"), ServerConfig.Tls.SYSTEM, server.url()));
        assertEquals("Hello", ask().answer().content());
        assertTrue(
                passed.stream().allMatch(each -> each.path().startsWith("http://gpu.invalid:8080/")), passed::toString);
    }

    /** It gets the name of the server, and neither the key nor the headers that are for that. */
    @Test
    void aProxyIsAskedToConnectToAServerOfHttpsAndGetsNoKey() throws Exception {
        useTls(false);
        try (ScriptedServer proxy = new ScriptedServer()) {
            List<ScriptedServer.Request> asked = Collections.synchronizedList(new ArrayList<>());
            proxy.onAny((request, connection) -> {
                asked.add(request);
                connection.tunnel(server.url().getPort());
            });
            open(config(server.url(), new ServerConfig.Tls(authority, null, null), proxy.url()));
            assertEquals("Hello", ask().answer().content());
            assertFalse(asked.isEmpty());
            for (ScriptedServer.Request each : asked) {
                assertEquals("CONNECT", each.method());
                assertEquals("127.0.0.1:" + server.url().getPort(), each.path());
                assertNull(each.headers().get("Authorization"));
                assertNull(each.headers().get("X-Team"));
            }
            assertEquals("Bearer " + KEY, server.next(CHAT).headers().get("Authorization"));
        }
    }

    @Test
    void aProxyThatDoesNotConnectIsNamed() throws Exception {
        useTls(false);
        try (ScriptedServer proxy = new ScriptedServer()) {
            proxy.onAny((request, connection) -> connection.whole(403, "text/plain", "not you"));
            Failure failure = refused(new ServerConfig.Tls(authority, null, null), proxy.url());
            assertFails(ErrorCode.MODEL_LOAD_FAILED, "through the proxy " + proxy.url(), failure);
            assertTrue(failure.message().contains("403"), failure.message());
        }
    }

    @Test
    void aProxyThatIsNotThereIsNamed() {
        ScriptedServer proxy = new ScriptedServer();
        proxy.close();
        assertFails(
                ErrorCode.MODEL_LOAD_FAILED,
                "through the proxy " + proxy.url() + ": connection refused",
                refused(ServerConfig.Tls.SYSTEM, proxy.url()));
    }
}
