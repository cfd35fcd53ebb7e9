package io.llamanode.pem;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Keys and certificates in each form that docs/operations.md names. */
final class PemFilesTest {
    @TempDir
    Path directory;

    private Path file;

    @BeforeEach
    void name() {
        file = directory.resolve("file.pem");
    }

    /** What PKCS #8 wraps: the content of its third element. */
    private static byte[] unwrapped(byte[] pkcs8) {
        ByteBuffer in = ByteBuffer.wrap(pkcs8);
        enter(in);
        for (int i = 0; i < 2; i++) {
            int length = enter(in);
            in.position(in.position() + length);
        }
        byte[] key = new byte[enter(in)];
        in.get(key);
        return key;
    }

    /** Moves behind the head of an element. {@return the length of its content} */
    private static int enter(ByteBuffer in) {
        in.get();
        int first = in.get() & 0xff;
        if (first < 0x80) {
            return first;
        }
        int length = 0;
        for (int i = 0x80; i < first; i++) {
            length = length << 8 | in.get() & 0xff;
        }
        return length;
    }

    private void assertRead(KeyPair keys) throws Exception {
        assertEquals(keys.getPrivate(), PemFiles.key(file, keys.getPublic()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"secp256r1", "secp384r1", "secp521r1"})
    void ellipticKeys(String curve) throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec(curve));
        KeyPair keys = generator.generateKeyPair();
        TestCertificates.pem(file, "EC PRIVATE KEY", unwrapped(keys.getPrivate().getEncoded()));
        assertRead(keys);
        Files.delete(file);
        TestCertificates.pem(file, "PRIVATE KEY", keys.getPrivate().getEncoded());
        assertRead(keys);
    }

    @Test
    void rsaKeys() throws Exception {
        KeyPair keys = TestCertificates.keys("RSA");
        TestCertificates.pem(
                file, "RSA PRIVATE KEY", unwrapped(keys.getPrivate().getEncoded()));
        assertRead(keys);
        Files.delete(file);
        TestCertificates.pem(file, "PRIVATE KEY", keys.getPrivate().getEncoded());
        assertRead(keys);
    }

    @Test
    void aKeyMayStandBehindOtherThings() throws Exception {
        KeyPair keys = TestCertificates.keys("EC");
        Files.writeString(file, "Bag Attributes\n");
        TestCertificates.pem(file, "EC PARAMETERS", new byte[] {6, 1, 1});
        TestCertificates.pem(file, "PRIVATE KEY", keys.getPrivate().getEncoded());
        assertRead(keys);
    }

    private void assertNoKey(String reason) throws NoSuchAlgorithmException, GeneralSecurityException {
        KeyPair keys = TestCertificates.keys("EC");
        GeneralSecurityException refused =
                assertThrows(GeneralSecurityException.class, () -> PemFiles.key(file, keys.getPublic()));
        assertEquals(reason, refused.getMessage());
    }

    @Test
    void saysWhatIsWrongWithAKey() throws Exception {
        Files.writeString(file, "");
        assertNoKey("it holds no private key");
        TestCertificates.pem(file, "ENCRYPTED PRIVATE KEY", new byte[] {1});
        assertNoKey("its private key is encrypted, which is not supported");
        Files.writeString(file, "-----BEGIN PRIVATE KEY-----\nA\n-----END PRIVATE KEY-----\n");
        assertNoKey("its private key is not Base64");
        Files.writeString(file, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n");
        assertNoKey("it holds no private key");
    }

    @Test
    void certificatesInTheOrderOfTheFile() throws Exception {
        X509Certificate first = TestCertificates.certificate("first", TestCertificates.keys("EC"));
        X509Certificate second = TestCertificates.certificate("second", TestCertificates.keys("RSA"));
        TestCertificates.pem(file, "CERTIFICATE", first.getEncoded());
        TestCertificates.pem(file, "CERTIFICATE", second.getEncoded());
        assertEquals(List.of(first, second), PemFiles.certificates(file));
    }

    @Test
    void aFileWithoutCertificates() throws Exception {
        Files.writeString(file, "");
        CertificateException refused = assertThrows(CertificateException.class, () -> PemFiles.certificates(file));
        assertEquals("it holds no certificate", refused.getMessage());
        Files.writeString(file, "no PEM");
        assertTrue(assertThrows(CertificateException.class, () -> PemFiles.certificates(file))
                        .getMessage()
                != null);
    }
}
