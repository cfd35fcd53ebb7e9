package io.llamanode.remote.http;

import io.llamanode.pem.PemFiles;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.model.ServerConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/** Makes the context of TLS connections of files in PEM. For any thread. */
final class TlsContexts {
    private static final char[] NO_PASSWORD = {};

    private TlsContexts() {}

    /** @throws FailureException {@code invalid_argument} naming the key of the file that is unfit */
    static SSLContext of(ServerConfig.Tls files) {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keys(files), authorities(files.cacertfile()), null);
            return context;
        } catch (GeneralSecurityException e) {
            throw FailureException.invalid("certfile: " + e.getMessage());
        }
    }

    private static TrustManager @Nullable [] authorities(@Nullable Path file) throws GeneralSecurityException {
        if (file == null) {
            return null;
        }
        KeyStore store = empty();
        List<X509Certificate> certificates;
        try {
            certificates = PemFiles.certificates(file);
        } catch (IOException | GeneralSecurityException e) {
            throw unfit("cacertfile", file, e);
        }
        for (int i = 0; i < certificates.size(); i++) {
            store.setCertificateEntry("authority " + i, certificates.get(i));
        }
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(store);
        return factory.getTrustManagers();
    }

    private static KeyManager @Nullable [] keys(ServerConfig.Tls files) throws GeneralSecurityException {
        if (files.certfile() == null) {
            if (files.keyfile() != null) {
                throw FailureException.invalid("keyfile: belongs to certfile, which is not given");
            }
            return null;
        }
        // One file may hold both.
        Path keyfile = files.keyfile() == null ? files.certfile() : files.keyfile();
        List<X509Certificate> chain;
        try {
            chain = PemFiles.certificates(files.certfile());
        } catch (IOException | GeneralSecurityException e) {
            throw unfit("certfile", files.certfile(), e);
        }
        PrivateKey key;
        try {
            key = PemFiles.key(keyfile, chain.getFirst().getPublicKey());
        } catch (IOException | GeneralSecurityException e) {
            throw unfit("keyfile", keyfile, e);
        }
        KeyStore store = empty();
        store.setKeyEntry("node", key, NO_PASSWORD, chain.toArray(X509Certificate[]::new));
        KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(store, NO_PASSWORD);
        return factory.getKeyManagers();
    }

    private static KeyStore empty() throws GeneralSecurityException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        try {
            store.load(null, null);
        } catch (IOException e) {
            throw new IllegalStateException("loading nothing", e);
        }
        return store;
    }

    private static FailureException unfit(String key, Path file, Exception e) {
        return FailureException.invalid("%s: %s can not be used: %s".formatted(key, file, e.getMessage()));
    }
}
