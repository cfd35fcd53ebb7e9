package io.llamanode.transport.dist;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class HandshakeTest {
    private static final int CHALLENGE = 0x80000001;

    private final Handshake handshake = new Handshake("j@host", 99, "secret", CHALLENGE, name -> !name.startsWith("x"));

    private static Handshake fresh() {
        return new Handshake("j@host", 99, "secret", CHALLENGE, name -> true);
    }

    private static byte[] newName(String name, long flags) {
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(15 + bytes.length)
                .put((byte) 'N')
                .putLong(flags)
                .putInt(7)
                .putShort((short) bytes.length)
                .put(bytes)
                .array();
    }

    private static byte[] reply(String cookie) throws Exception {
        return ByteBuffer.allocate(21)
                .put((byte) 'r')
                .putInt(-1)
                .put(RawPeer.digest(cookie, CHALLENGE))
                .array();
    }

    private Handshake.Refused refused(byte[] packet) {
        return refused(handshake, packet);
    }

    private static Handshake.Refused refused(Handshake victim, byte[] packet) {
        return assertInstanceOf(Handshake.Refused.class, victim.receive(packet));
    }

    @Test
    void newNames() throws Exception {
        Handshake.Step first = handshake.receive(newName("b@host", Dflags.OFFERED));
        assertInstanceOf(Handshake.Continue.class, first);
        assertEquals("sok", new String(first.replies().get(0), StandardCharsets.US_ASCII));
        ByteBuffer challenge = ByteBuffer.wrap(first.replies().get(1));
        assertEquals('N', challenge.get());
        assertEquals(Dflags.OFFERED, challenge.getLong());
        assertEquals(CHALLENGE, challenge.getInt());
        assertEquals(99, challenge.getInt());
        assertEquals(6, challenge.getShort());
        Handshake.Accepted accepted = assertInstanceOf(Handshake.Accepted.class, handshake.receive(reply("secret")));
        assertEquals("b@host", accepted.node());
        assertEquals(7, accepted.creation());
        assertEquals(Dflags.OFFERED | Dflags.REQUIRED, accepted.flags());
        byte[] ack = accepted.replies().getFirst();
        assertEquals('a', ack[0]);
        assertArrayEquals(RawPeer.digest("secret", -1), java.util.Arrays.copyOfRange(ack, 1, 17));
        assertThrows(IllegalStateException.class, () -> handshake.receive(reply("secret")));
    }

    @Test
    void oldNamesBringTheRestLater() throws Exception {
        byte[] name = "b@host".getBytes(StandardCharsets.US_ASCII);
        handshake.receive(ByteBuffer.allocate(7 + name.length)
                .put((byte) 'n')
                .putShort((short) 5)
                .putInt((int) Dflags.OFFERED)
                .put(name)
                .array());
        handshake.receive(ByteBuffer.allocate(9)
                .put((byte) 'c')
                .putInt((int) (Dflags.ALIAS >>> 32))
                .putInt(8)
                .array());
        Handshake.Accepted accepted = assertInstanceOf(Handshake.Accepted.class, handshake.receive(reply("secret")));
        assertEquals(8, accepted.creation());
        assertTrue((accepted.flags() & Dflags.ALIAS) != 0);
        assertEquals(0, accepted.flags() & Dflags.V4_NC);
    }

    @Test
    void theDigestOfOtp25StandsForWhatIsMandatory() {
        assertInstanceOf(Handshake.Continue.class, handshake.receive(newName("b@host", Dflags.MANDATORY_25_DIGEST)));
    }

    @Test
    void anotherCookie() throws Exception {
        handshake.receive(newName("b@host", Dflags.OFFERED));
        assertEquals("b@host has another cookie", refused(reply("guess")).reason());
    }

    @Test
    void refusals() {
        assertEquals(
                "x@host may not connect",
                refused(newName("x@host", Dflags.OFFERED)).reason());
    }

    @Test
    void capabilitiesThatAreMissing() {
        assertEquals(
                "b@host lacks the capabilities 0x1000000",
                refused(newName("b@host", Dflags.REQUIRED & ~Dflags.HANDSHAKE_23))
                        .reason());
    }

    @Test
    void packetsOutOfPlace() {
        assertEquals(
                "packet 'r' where a name belongs",
                refused(fresh(), new byte[] {'r'}).reason());
        assertEquals("an empty packet", refused(fresh(), new byte[0]).reason());
        assertEquals(
                "a truncated packet 'N'",
                refused(fresh(), new byte[] {'N', 1, 2}).reason());
    }

    @Test
    void anyBytesGetAVerdict() {
        Random random = new Random(1);
        for (int round = 0; round < 20_000; round++) {
            Handshake victim = fresh();
            Handshake.Step step = victim.receive(newName("b@host", Dflags.OFFERED));
            while (step instanceof Handshake.Continue) {
                byte[] noise = new byte[random.nextInt(40)];
                random.nextBytes(noise);
                if (noise.length > 0) {
                    noise[0] = (byte) "nNrca".charAt(random.nextInt(5));
                }
                step = victim.receive(noise);
            }
            assertInstanceOf(Handshake.Refused.class, step);
        }
    }
}
