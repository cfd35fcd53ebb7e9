package io.llamanode.pem;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Base64;

/** Keys, certificates that sign themselves, and their files. */
public final class TestCertificates {
    private static final byte[] SHA256_WITH_ECDSA = {0x30, 10, 6, 8, 0x2a, (byte) 0x86, 0x48, (byte) 0xce, 0x3d, 4, 3, 2
    };
    private static final byte[] SHA256_WITH_RSA = {
        0x30, 13, 6, 9, 0x2a, (byte) 0x86, 0x48, (byte) 0x86, (byte) 0xf7, 0x0d, 1, 1, 11, 5, 0
    };
    private static final byte[] COMMON_NAME = {6, 3, 0x55, 4, 3};

    private TestCertificates() {}

    /** @param algorithm {@code EC} or {@code RSA} */
    public static KeyPair keys(String algorithm) throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm);
        generator.initialize(algorithm.equals("EC") ? 256 : 2048);
        return generator.generateKeyPair();
    }

    /** A certificate of version 1 (RFC 5280) that is valid for the rest of this half of the century. */
    public static X509Certificate certificate(String name, KeyPair keys) throws GeneralSecurityException {
        return certificate(name, keys, new byte[0], new byte[0]);
    }

    /** One of version 3 for the host 127.0.0.1. */
    public static X509Certificate ofLoopback(String name, KeyPair keys) throws GeneralSecurityException {
        byte[] address = element(0x30, element(0x87, new byte[] {127, 0, 0, 1}));
        byte[] extensions =
                element(0xa3, element(0x30, element(0x30, new byte[] {6, 3, 0x55, 0x1d, 0x11}, element(4, address))));
        return certificate(name, keys, element(0xa0, element(2, new byte[] {2})), extensions);
    }

    private static X509Certificate certificate(String name, KeyPair keys, byte[] version, byte[] extensions)
            throws GeneralSecurityException {
        boolean ec = keys.getPublic().getAlgorithm().equals("EC");
        byte[] algorithm = ec ? SHA256_WITH_ECDSA : SHA256_WITH_RSA;
        byte[] commonName =
                element(0x30, element(0x31, element(0x30, COMMON_NAME, element(12, name.getBytes(US_ASCII)))));
        byte[] validity = element(
                0x30, element(23, "240101000000Z".getBytes(US_ASCII)), element(23, "491231235959Z".getBytes(US_ASCII)));
        byte[] content = element(
                0x30,
                version,
                element(2, new byte[] {1}),
                algorithm,
                commonName,
                validity,
                commonName,
                keys.getPublic().getEncoded(),
                extensions);
        Signature signature = Signature.getInstance(ec ? "SHA256withECDSA" : "SHA256withRSA");
        signature.initSign(keys.getPrivate());
        signature.update(content);
        byte[] der = element(0x30, content, algorithm, element(3, new byte[] {0}, signature.sign()));
        return (X509Certificate)
                CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(der));
    }

    /** One element of DER. */
    static byte[] element(int tag, byte[]... parts) {
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            content.writeBytes(part);
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(tag);
        int length = content.size();
        if (length >= 0x100) {
            out.write(0x82);
            out.write(length >>> 8);
        } else if (length >= 0x80) {
            out.write(0x81);
        }
        out.write(length);
        out.writeBytes(content.toByteArray());
        return out.toByteArray();
    }

    /** Adds a block to a file. */
    public static Path pem(Path file, String kind, byte[] der) throws IOException {
        String block = "-----BEGIN " + kind + "-----\n"
                + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der) + "\n-----END " + kind + "-----\n";
        return Files.writeString(file, (Files.exists(file) ? Files.readString(file) : "") + block);
    }
}
