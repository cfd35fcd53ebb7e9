package io.llamanode.transport.dist;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.pem.TestCertificates;
import io.llamanode.protocol.launch.TlsFiles;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The node's end of TLS, against a peer in the same process. */
@Timeout(60)
final class TlsWrapperTest {
    @TempDir
    Path directory;

    private final KeyPair nodeKeys = TestCertificates.keys("EC");
    private final KeyPair peerKeys = TestCertificates.keys("EC");
    private final X509Certificate node = TestCertificates.certificate("node", nodeKeys);
    private final X509Certificate peer = TestCertificates.certificate("peer", peerKeys);
    private TlsFiles files;

    TlsWrapperTest() throws Exception {}

    @BeforeEach
    void write() throws Exception {
        files = new TlsFiles(
                TestCertificates.pem(directory.resolve("node.pem"), "CERTIFICATE", node.getEncoded()),
                TestCertificates.pem(
                        directory.resolve("node.key"),
                        "PRIVATE KEY",
                        nodeKeys.getPrivate().getEncoded()),
                TestCertificates.pem(directory.resolve("ca.pem"), "CERTIFICATE", peer.getEncoded()));
    }

    /** Of a peer that shows its certificate and trusts that one alone. */
    private SSLContext peerThatTrusts(X509Certificate trusted) throws Exception {
        KeyStore own = KeyStore.getInstance("PKCS12");
        own.load(null, null);
        own.setKeyEntry("peer", peerKeys.getPrivate(), new char[0], new X509Certificate[] {peer});
        KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
        keys.init(own, new char[0]);
        KeyStore others = KeyStore.getInstance("PKCS12");
        others.load(null, null);
        others.setCertificateEntry("trusted", trusted);
        TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
        trust.init(others);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        return context;
    }

    /** Both ends of a connection, that of the node as its listener gives it. */
    private record Connection(Socket node, Socket peer) implements AutoCloseable {
        static Connection open() throws IOException {
            try (ServerSocket server = ServerSocketChannel.open().socket()) {
                server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
                Socket peer = new Socket(InetAddress.getLoopbackAddress(), server.getLocalPort());
                return new Connection(server.accept(), peer);
            }
        }

        @Override
        public void close() throws IOException {
            node.close();
            peer.close();
        }
    }

    /** A peer that answers each piece of the node's handshake before the node can write the next one. */
    private static final class PromptPeer {
        private final SSLEngine engine;
        private final Socket socket;
        private final ByteBuffer plain;
        private byte[] unread = {};

        PromptPeer(SSLContext context, String protocol, Socket socket) throws Exception {
            this.socket = socket;
            engine = context.createSSLEngine();
            engine.setUseClientMode(true);
            engine.setEnabledProtocols(new String[] {protocol});
            plain = ByteBuffer.allocate(engine.getSession().getApplicationBufferSize());
            say();
        }

        /** Sends what it has to say. {@return whether it was anything} */
        private boolean say() throws IOException {
            ByteBuffer out = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
            engine.wrap(ByteBuffer.allocate(0), out);
            socket.getOutputStream().write(out.array(), 0, out.position());
            return out.position() > 0;
        }

        /** Takes so many bytes that have come; if it does not like what they say, it tells the reason and is gone. */
        void hear(int count) throws IOException {
            if (socket.isClosed()) {
                return;
            }
            byte[] come = socket.getInputStream().readNBytes(count);
            ByteBuffer in = ByteBuffer.allocate(unread.length + come.length)
                    .put(unread)
                    .put(come)
                    .flip();
            try {
                while (goOn(in)) {
                    continue;
                }
            } catch (SSLException refused) {
                while (say()) {
                    continue;
                }
                // The system tells the other end at once, as it does where a program closes with bytes unread.
                socket.setSoLinger(true, 0);
                socket.close();
            }
            unread = new byte[in.remaining()];
            in.get(unread);
        }

        /** One step of the handshake. {@return whether another one can follow} */
        private boolean goOn(ByteBuffer in) throws IOException {
            return switch (engine.getHandshakeStatus()) {
                case NEED_WRAP -> say();
                case NEED_TASK -> {
                    engine.getDelegatedTask().run();
                    yield true;
                }
                case NEED_UNWRAP, NEED_UNWRAP_AGAIN ->
                    engine.unwrap(in, plain.clear()).getStatus() == SSLEngineResult.Status.OK;
                case FINISHED, NOT_HANDSHAKING -> false;
            };
        }
    }

    /** The node's end of a connection whose peer acts after each write of the node. */
    private static final class Watched extends Socket {
        private final Socket socket;
        private final PromptPeer peer;

        Watched(Socket socket, PromptPeer peer) {
            this.socket = socket;
            this.peer = peer;
        }

        @Override
        public boolean isConnected() {
            return true;
        }

        @Override
        public InputStream getInputStream() throws IOException {
            return socket.getInputStream();
        }

        @Override
        public OutputStream getOutputStream() throws IOException {
            OutputStream out = socket.getOutputStream();
            return new OutputStream() {
                @Override
                public void write(int one) {
                    throw new AssertionError();
                }

                @Override
                public void write(byte[] bytes, int from, int length) throws IOException {
                    out.write(bytes, from, length);
                    peer.hear(length);
                }
            };
        }
    }

    /** Whatever is left to be written when it comes. */
    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void theAlertOfAPeerThatRefusesTheNodeIsTheReason(String protocol) throws Exception {
        try (Connection connection = Connection.open()) {
            PromptPeer refusing = new PromptPeer(peerThatTrusts(peer), protocol, connection.peer());
            Watched watched = new Watched(connection.node(), refusing);
            IOException failed =
                    assertThrows(IOException.class, () -> TlsWrapper.of(files).wrap(watched));
            assertTrue(Reasons.of(failed).contains("certificate_unknown"), Reasons.of(failed));
        }
    }

    /** The peer's end, while the node's is wrapped. */
    private static Future<SSLSocket> shaken(SSLContext context, Socket socket) {
        CompletableFuture<SSLSocket> done = new CompletableFuture<>();
        Thread.ofVirtual().start(() -> {
            try {
                SSLSocket tls = (SSLSocket) context.getSocketFactory().createSocket(socket, "node", 1, false);
                tls.startHandshake();
                done.complete(tls);
            } catch (IOException e) {
                done.completeExceptionally(e);
            }
        });
        return done;
    }

    @Test
    void bothEndsShowTheirCertificates() throws Exception {
        try (Connection connection = Connection.open()) {
            Future<SSLSocket> peerEnd = shaken(peerThatTrusts(node), connection.peer());
            ChannelWrapper.Channel channel = TlsWrapper.of(files).wrap(connection.node());
            SSLSocket far = peerEnd.get();
            assertArrayEquals(new X509Certificate[] {node}, far.getSession().getPeerCertificates());
            assertSame(connection.node(), channel.socket());
            assertEquals(4, channel.handshakePrefix(), "inet_tls_dist");
            assertFalse(channel.raw());
            channel.out().write(new byte[] {1, 2, 3});
            channel.out().flush();
            assertArrayEquals(new byte[] {1, 2, 3}, far.getInputStream().readNBytes(3));
            far.getOutputStream().write(7);
            assertEquals(7, channel.in().read());
        }
    }

    @Test
    void aPeerMayBeSilentForAsLongAsItsSocketSays() throws Exception {
        try (Connection connection = Connection.open()) {
            Future<SSLSocket> peerEnd = shaken(peerThatTrusts(node), connection.peer());
            ChannelWrapper.Channel channel = TlsWrapper.of(files).wrap(connection.node());
            channel.socket().setSoTimeout(1);
            assertThrows(SocketTimeoutException.class, () -> channel.in().read());
            channel.socket().setSoTimeout(0);
            peerEnd.get().getOutputStream().write(7);
            assertEquals(7, channel.in().read(), "the silence did not break it");
        }
    }

    @Test
    void aPeerMustShowACertificateOfTheAuthorities() throws Exception {
        SSLContext nameless = SSLContext.getInstance("TLS");
        TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
        KeyStore others = KeyStore.getInstance("PKCS12");
        others.load(null, null);
        others.setCertificateEntry("trusted", node);
        trust.init(others);
        nameless.init(null, trust.getTrustManagers(), null);
        try (Connection connection = Connection.open()) {
            shaken(nameless, connection.peer());
            assertThrows(SSLHandshakeException.class, () -> TlsWrapper.of(files).wrap(connection.node()));
        }
    }

    @Test
    void onceTheHandshakeIsOverAWriteThatFailsSaysSo() throws Exception {
        try (Connection connection = Connection.open()) {
            Future<SSLSocket> peerEnd = shaken(peerThatTrusts(node), connection.peer());
            ChannelWrapper.Channel channel = TlsWrapper.of(files).wrap(connection.node());
            peerEnd.get();
            connection.node().close();
            assertThrows(IOException.class, () -> channel.out().write(1));
        }
    }

    private static String refused(TlsFiles files) {
        return assertThrows(IllegalArgumentException.class, () -> TlsWrapper.of(files))
                .getMessage();
    }

    @Test
    void filesThatCannotBeUsedAreNamedWithTheirKey() throws Exception {
        Path nowhere = directory.resolve("nowhere");
        Path empty = Files.createFile(directory.resolve("empty"));
        assertEquals(
                "tls.certfile: there is no file " + nowhere,
                refused(new TlsFiles(nowhere, files.keyfile(), files.cacertfile())));
        assertEquals(
                "tls.keyfile: there is no file " + nowhere,
                refused(new TlsFiles(files.certfile(), nowhere, files.cacertfile())));
        assertEquals(
                "tls.cacertfile: there is no file " + nowhere,
                refused(new TlsFiles(files.certfile(), files.keyfile(), nowhere)));
        assertEquals(
                "tls.certfile: " + empty + ": it holds no certificate",
                refused(new TlsFiles(empty, files.keyfile(), files.cacertfile())));
        assertEquals(
                "tls.keyfile: " + empty + ": it holds no private key",
                refused(new TlsFiles(files.certfile(), empty, files.cacertfile())));
    }

    /** It would only show in handshakes that fail. */
    @ParameterizedTest
    @ValueSource(strings = {"EC", "RSA"})
    void theKeyMustBeThatOfTheCertificate(String algorithm) throws Exception {
        KeyPair right = TestCertificates.keys(algorithm);
        Path certfile = TestCertificates.pem(
                directory.resolve("own.pem"),
                "CERTIFICATE",
                TestCertificates.certificate("own", right).getEncoded());
        Path keyfile = directory.resolve("own.key");
        TestCertificates.pem(keyfile, "PRIVATE KEY", right.getPrivate().getEncoded());
        TlsWrapper.of(new TlsFiles(certfile, keyfile, files.cacertfile()));
        Files.delete(keyfile);
        TestCertificates.pem(
                keyfile,
                "PRIVATE KEY",
                TestCertificates.keys(algorithm).getPrivate().getEncoded());
        assertEquals(
                "tls.keyfile: " + keyfile + ": the key is not that of the certificate",
                refused(new TlsFiles(certfile, keyfile, files.cacertfile())));
    }
}
