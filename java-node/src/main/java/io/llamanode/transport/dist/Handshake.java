package io.llamanode.transport.dist;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The accepting side of the distribution handshake of OTP 23 and later, without I/O: packets in, packets
 * and a verdict out. The status is always {@code ok} for a permitted name, also for one that seems to be
 * connected: before authentication nothing is told about other peers, and after it the newer connection
 * is the living one.
 */
final class Handshake {
    /** Far beyond what a name of 255 characters needs; a handshake packet is never longer. */
    static final int MAX_PACKET = 2048;

    /** What to do after a packet. */
    sealed interface Step {
        /** The packets to send, in order. */
        List<byte[]> replies();
    }

    /** Send, then wait for the next packet. */
    record Continue(List<byte[]> replies) implements Step {}

    /** Send, then the connection carries distribution frames. */
    record Accepted(List<byte[]> replies, String node, int creation, long flags) implements Step {}

    /** Send, then close. */
    record Refused(List<byte[]> replies, String reason) implements Step {}

    private enum State {
        NAME,
        COMPLEMENT,
        REPLY,
        OVER
    }

    private final byte[] ownName;
    private final int ownCreation;
    private final byte[] cookie;
    private final int challenge;
    private final Predicate<String> allowed;
    private State state = State.NAME;
    private String node = "";
    private long flags;
    private int creation;

    Handshake(String ownName, int ownCreation, String cookie, int challenge, Predicate<String> allowed) {
        this.ownName = ownName.getBytes(StandardCharsets.UTF_8);
        this.ownCreation = ownCreation;
        this.cookie = cookie.getBytes(StandardCharsets.ISO_8859_1);
        this.challenge = challenge;
        this.allowed = allowed;
    }

    /** Takes one packet without its length prefix. */
    Step receive(byte[] packet) {
        if (packet.length == 0) {
            return refuse("an empty packet");
        }
        ByteBuffer in = ByteBuffer.wrap(packet);
        char tag = (char) (in.get() & 0xff);
        try {
            return switch (state) {
                case NAME -> name(tag, in);
                case COMPLEMENT -> complement(tag, in);
                case REPLY -> reply(tag, in);
                case OVER -> throw new IllegalStateException("the handshake is over");
            };
        } catch (BufferUnderflowException truncated) {
            return refuse("a truncated packet '" + printable(tag) + "'");
        }
    }

    private Step name(char tag, ByteBuffer in) {
        byte[] name;
        if (tag == 'N') {
            flags = in.getLong();
            creation = in.getInt();
            name = new byte[Math.min(in.getShort() & 0xffff, MAX_PACKET)];
            in.get(name);
        } else if (tag == 'n') {
            in.getShort();
            flags = in.getInt() & 0xffffffffL;
            name = new byte[in.remaining()];
            in.get(name);
        } else {
            return refuse("packet '" + printable(tag) + "' where a name belongs");
        }
        flags = Dflags.effective(flags);
        String named = decode(name);
        if (named == null || !DistConfig.isNodeName(named)) {
            return notAllowed("a name that is not alive@host");
        }
        node = named;
        if (new String(ownName, StandardCharsets.UTF_8).equals(node)) {
            return notAllowed("a node with the name of this one");
        }
        if (!allowed.test(node)) {
            return notAllowed(node + " may not connect");
        }
        long missing = Dflags.REQUIRED & ~flags;
        if (missing != 0) {
            return notAllowed(node + " lacks the capabilities 0x" + Long.toHexString(missing));
        }
        state = tag == 'N' ? State.REPLY : State.COMPLEMENT;
        ByteBuffer out = ByteBuffer.allocate(1 + 8 + 4 + 4 + 2 + ownName.length);
        out.put((byte) 'N')
                .putLong(Dflags.OFFERED)
                .putInt(challenge)
                .putInt(ownCreation)
                .putShort((short) ownName.length)
                .put(ownName);
        return new Continue(List.of(status("ok"), out.array()));
    }

    /** An 'n' name has room for half of the flags and for no creation; this brings the rest. */
    private Step complement(char tag, ByteBuffer in) {
        if (tag != 'c') {
            return refuse("packet '" + printable(tag) + "' where a complement belongs");
        }
        flags = flags & 0xffffffffL | (long) in.getInt() << 32;
        creation = in.getInt();
        state = State.REPLY;
        return new Continue(List.of());
    }

    private Step reply(char tag, ByteBuffer in) {
        if (tag != 'r') {
            return refuse("packet '" + printable(tag) + "' where a challenge reply belongs");
        }
        int theirs = in.getInt();
        byte[] digest = new byte[16];
        in.get(digest);
        if (!MessageDigest.isEqual(digest, digest(challenge))) {
            return refuse(node + " has another cookie");
        }
        state = State.OVER;
        byte[] ack = new byte[17];
        ack[0] = 'a';
        System.arraycopy(digest(theirs), 0, ack, 1, 16);
        return new Accepted(List.of(ack), node, creation, flags);
    }

    private byte[] digest(int number) {
        try {
            MessageDigest md5 = MessageDigest.getInstance("MD5");
            md5.update(cookie);
            return md5.digest(Integer.toUnsignedString(number).getBytes(StandardCharsets.US_ASCII));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has MD5", e);
        }
    }

    private Refused refuse(String reason) {
        state = State.OVER;
        return new Refused(List.of(), reason);
    }

    private Refused notAllowed(String reason) {
        state = State.OVER;
        return new Refused(List.of(status("not_allowed")), reason);
    }

    private static byte[] status(String text) {
        return ("s" + text).getBytes(StandardCharsets.US_ASCII);
    }

    private static @Nullable String decode(byte[] name) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .decode(ByteBuffer.wrap(name))
                    .toString();
        } catch (CharacterCodingException malformed) {
            return null;
        }
    }

    private static String printable(char tag) {
        return tag > ' ' && tag < 127 ? String.valueOf(tag) : String.format("\\x%02x", (int) tag);
    }
}
