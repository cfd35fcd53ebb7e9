package io.llamanode.transport.dist;

import io.llamanode.pem.PemFiles;
import io.llamanode.protocol.launch.TlsFiles;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

/**
 * Distribution over TLS as OTP's {@code inet_tls_dist} speaks it, TLS 1.2 or 1.3. Peers must show a
 * certificate of one of the given authorities.
 *
 * <p>Never changes: for any thread.
 */
public final class TlsWrapper implements ChannelWrapper {
    /** {@code inet_tls_dist} frames handshake packets like all others. */
    private static final int HANDSHAKE_PREFIX = 4;

    private static final String ALIAS = "node";

    private final SSLContext context;

    private TlsWrapper(SSLContext context) {
        this.context = context;
    }

    /**
     * Reads certificates and keys.
     *
     * @param files where they are
     * @return the wrapper
     * @throws IllegalArgumentException naming the key of the file that cannot be used
     */
    public static TlsWrapper of(TlsFiles files) {
        List<X509Certificate> chain = read("certfile", files.certfile(), PemFiles::certificates);
        List<X509Certificate> authorities = read("cacertfile", files.cacertfile(), PemFiles::certificates);
        PublicKey owner = chain.getFirst().getPublicKey();
        PrivateKey key = read("keyfile", files.keyfile(), file -> {
            PrivateKey found = PemFiles.key(file, owner);
            refuseForeign(found, owner);
            return found;
        });
        try {
            return new TlsWrapper(context(chain, key, authorities));
        } catch (IOException | GeneralSecurityException e) {
            throw new IllegalArgumentException("tls: " + e.getMessage(), e);
        }
    }

    @FunctionalInterface
    private interface Reader<T> {
        T read(Path file) throws IOException, GeneralSecurityException;
    }

    private static <T> T read(String key, Path file, Reader<T> reader) {
        try {
            return reader.read(file);
        } catch (NoSuchFileException e) {
            throw new IllegalArgumentException("tls." + key + ": there is no file " + file, e);
        } catch (IOException | GeneralSecurityException e) {
            throw new IllegalArgumentException("tls." + key + ": " + file + ": " + e.getMessage(), e);
        }
    }

    /** A key of another certificate would only show in handshakes that fail. */
    private static void refuseForeign(PrivateKey key, PublicKey owner) throws GeneralSecurityException {
        String algorithm = switch (owner.getAlgorithm()) {
            case "RSA" -> "SHA256withRSA";
            case "EC" -> "SHA256withECDSA";
            default -> owner.getAlgorithm();
        };
        byte[] text = {1, 2, 3};
        Signature signature = Signature.getInstance(algorithm);
        signature.initSign(key);
        signature.update(text);
        byte[] signed = signature.sign();
        signature.initVerify(owner);
        signature.update(text);
        if (!signature.verify(signed)) {
            throw new GeneralSecurityException("the key is not that of the certificate");
        }
    }

    private static SSLContext context(List<X509Certificate> chain, PrivateKey key, List<X509Certificate> authorities)
            throws IOException, GeneralSecurityException {
        char[] none = {};
        KeyStore own = KeyStore.getInstance("PKCS12");
        own.load(null, none);
        own.setKeyEntry(ALIAS, key, none, chain.toArray(X509Certificate[]::new));
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(own, none);
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, none);
        for (int i = 0; i < authorities.size(); i++) {
            trusted.setCertificateEntry("authority-" + i, authorities.get(i));
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), trust.getTrustManagers(), new SecureRandom());
        return context;
    }

    @Override
    public Channel wrap(Socket socket) throws IOException {
        return wrap(socket, () -> {});
    }

    @Override
    public Channel wrap(Socket socket, Runnable heard) throws IOException {
        // A layered socket of this kind is the server of the TLS handshake. It is never closed itself,
        // since that may block: the TCP socket is.
        HandshakeSocket carrier = new HandshakeSocket(socket, heard);
        SSLSocket tls = (SSLSocket) context.getSocketFactory().createSocket(carrier, null, false);
        tls.setNeedClientAuth(true);
        tls.startHandshake();
        carrier.handshakeIsOver();
        return new Channel(socket, tls.getInputStream(), tls.getOutputStream(), HANDSHAKE_PREFIX, false);
    }
}
