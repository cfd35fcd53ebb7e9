package io.llamanode.pem;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Reads certificates and keys as OpenSSL and OTP write them (RFC 7468). */
public final class PemFiles {
    private static final Pattern KEY =
            Pattern.compile("-----BEGIN ((?:RSA |EC |ENCRYPTED )?PRIVATE KEY)-----([^-]*)-----END \\1-----");

    private static final Pattern CERTIFICATE =
            Pattern.compile("-----BEGIN ((?:X509 )?CERTIFICATE)-----[^-]*-----END \\1-----");

    private PemFiles() {}

    /**
     * Reads certificates.
     *
     * @param file of them, one behind the other
     * @return the certificates of a file, at least one
     * @throws IOException if the file can not be read
     * @throws CertificateException if it holds none
     */
    public static List<X509Certificate> certificates(Path file) throws IOException, CertificateException {
        String text = Files.readString(file, StandardCharsets.ISO_8859_1);
        // The factory takes every block for a certificate, and a key may stand in the same file.
        String blocks =
                CERTIFICATE.matcher(text).results().map(MatchResult::group).collect(Collectors.joining("\n"));
        byte[] bytes = (blocks.isEmpty() ? text : blocks).getBytes(StandardCharsets.ISO_8859_1);
        List<X509Certificate> found =
                CertificateFactory.getInstance("X.509").generateCertificates(new ByteArrayInputStream(bytes)).stream()
                        .map(X509Certificate.class::cast)
                        .toList();
        if (found.isEmpty()) {
            throw new CertificateException("it holds no certificate");
        }
        return found;
    }

    /**
     * Reads a private key.
     *
     * @param file of the key
     * @param owner the public key that belongs to it
     * @return the private key of a file: PKCS #8, or one of the older forms without its algorithm
     * @throws IOException if the file can not be read
     * @throws GeneralSecurityException if it holds none that can be used
     */
    public static PrivateKey key(Path file, PublicKey owner) throws IOException, GeneralSecurityException {
        Matcher block = KEY.matcher(Files.readString(file, StandardCharsets.US_ASCII));
        if (!block.find()) {
            throw new GeneralSecurityException("it holds no private key");
        }
        byte[] der;
        try {
            der = Base64.getMimeDecoder().decode(block.group(2).strip());
        } catch (IllegalArgumentException e) {
            throw new GeneralSecurityException("its private key is not Base64", e);
        }
        byte[] pkcs8 = switch (block.group(1)) {
            case "PRIVATE KEY" -> der;
            case "ENCRYPTED PRIVATE KEY" ->
                throw new GeneralSecurityException("its private key is encrypted, which is not supported");
            default -> wrapped(der, owner);
        };
        return KeyFactory.getInstance(owner.getAlgorithm()).generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
    }

    /** PKCS #1 and SEC 1 leave out what PKCS #8 begins with: a version and the algorithm, here the public key's. */
    private static byte[] wrapped(byte[] der, PublicKey owner) throws GeneralSecurityException {
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        content.writeBytes(new byte[] {2, 1, 0});
        content.writeBytes(algorithm(owner.getEncoded()));
        content.writeBytes(element(4, der));
        return element(0x30, content.toByteArray());
    }

    /** The first element of a SubjectPublicKeyInfo. */
    private static byte[] algorithm(byte[] publicKeyInfo) {
        ByteBuffer in = ByteBuffer.wrap(publicKeyInfo);
        in.get();
        length(in);
        int from = in.position();
        in.get();
        int length = length(in);
        byte[] algorithm = new byte[in.position() - from + length];
        in.position(from).get(algorithm);
        return algorithm;
    }

    private static int length(ByteBuffer in) {
        int first = in.get() & 0xff;
        if (first < 0x80) {
            return first;
        }
        int length = 0;
        for (int i = 0; i < (first & 0x7f); i++) {
            length = length << 8 | in.get() & 0xff;
        }
        return length;
    }

    private static byte[] element(int tag, byte[] content) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(tag);
        if (content.length < 0x80) {
            out.write(content.length);
        } else {
            out.write(0x82);
            out.write(content.length >>> 8);
            out.write(content.length);
        }
        out.writeBytes(content);
        return out.toByteArray();
    }
}
