package io.llamanode.transport.dist;

import com.ericsson.otp.erlang.OtpErlangAtom;
import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpErlangPid;
import com.ericsson.otp.erlang.OtpErlangTuple;
import com.ericsson.otp.erlang.OtpInputStream;
import com.ericsson.otp.erlang.OtpOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;

/** The connecting side of the protocol, byte by byte: a peer that can misbehave where a BEAM cannot. */
public final class RawPeer implements AutoCloseable {
    static final int CREATION = 42;
    /** Stands where a frame has none. */
    public static final OtpErlangAtom NO_MESSAGE = new OtpErlangAtom("no message");

    final Socket socket;
    final DataInputStream in;
    final DataOutputStream out;
    String name;
    /** Bytes of the length before a handshake packet. */
    int prefix = 2;

    RawPeer(int port) throws IOException {
        socket = new Socket(InetAddress.getLoopbackAddress(), port);
        in = new DataInputStream(socket.getInputStream());
        out = new DataOutputStream(socket.getOutputStream());
    }

    public static RawPeer connected(int port, String name, String cookie) throws Exception {
        RawPeer peer = new RawPeer(port);
        peer.handshake(name, cookie, false);
        return peer;
    }

    /** The packets of OTP 25 ({@code N}), or of OTP 23 before it knows its peer ({@code n}, {@code c}). */
    void handshake(String node, String cookie, boolean old) throws Exception {
        name = node;
        byte[] bytes = node.getBytes(StandardCharsets.UTF_8);
        if (old) {
            packet(ByteBuffer.allocate(7 + bytes.length)
                    .put((byte) 'n')
                    .putShort((short) 5)
                    .putInt((int) Dflags.OFFERED)
                    .put(bytes)
                    .array());
        } else {
            packet(ByteBuffer.allocate(15 + bytes.length)
                    .put((byte) 'N')
                    .putLong(Dflags.OFFERED)
                    .putInt(CREATION)
                    .putShort((short) bytes.length)
                    .put(bytes)
                    .array());
        }
        String status = new String(packet(), StandardCharsets.US_ASCII);
        if (!status.equals("sok")) {
            throw new IOException(status);
        }
        ByteBuffer challenge = ByteBuffer.wrap(packet());
        int theirs = challenge.getInt(9);
        if (old) {
            packet(ByteBuffer.allocate(9)
                    .put((byte) 'c')
                    .putInt((int) (Dflags.OFFERED >>> 32))
                    .putInt(CREATION)
                    .array());
        }
        packet(ByteBuffer.allocate(21)
                .put((byte) 'r')
                .putInt(-7)
                .put(digest(cookie, theirs))
                .array());
        byte[] ack = packet();
        if (!MessageDigest.isEqual(digest(cookie, -7), java.util.Arrays.copyOfRange(ack, 1, 17))) {
            throw new IOException("a wrong acknowledgement");
        }
    }

    static byte[] digest(String cookie, int challenge) throws Exception {
        return MessageDigest.getInstance("MD5")
                .digest((cookie + Integer.toUnsignedString(challenge)).getBytes(StandardCharsets.ISO_8859_1));
    }

    void packet(byte[] bytes) throws IOException {
        ByteBuffer framed = ByteBuffer.allocate(prefix + bytes.length);
        (prefix == 2 ? framed.putShort((short) bytes.length) : framed.putInt(bytes.length)).put(bytes);
        out.write(framed.array());
    }

    byte[] packet() throws IOException {
        byte[] bytes = new byte[prefix == 2 ? in.readUnsignedShort() : in.readInt()];
        in.readFully(bytes);
        return bytes;
    }

    public OtpErlangPid pid() {
        return new OtpErlangPid(name, 9, 0, CREATION);
    }

    static OtpErlangTuple tuple(OtpErlangObject... elements) {
        return new OtpErlangTuple(elements);
    }

    static byte[] term(OtpErlangObject term) {
        OtpOutputStream stream = new OtpOutputStream();
        stream.write1(131);
        stream.write_any(term);
        return stream.toByteArray();
    }

    /** A frame of a control tuple, written out, and a payload as it is. */
    public void frame(OtpErlangObject control, byte[] payload) throws IOException {
        byte[] head = term(control);
        out.write(ByteBuffer.allocate(5 + head.length + payload.length)
                .putInt(1 + head.length + payload.length)
                .put((byte) 112)
                .put(head)
                .put(payload)
                .array());
    }

    /** REG_SEND of raw bytes to the mailbox. */
    public void message(byte[] payload) throws IOException {
        frame(
                tuple(
                        new com.ericsson.otp.erlang.OtpErlangInt(6),
                        pid(),
                        new OtpErlangAtom(""),
                        new OtpErlangAtom("llama_node")),
                payload);
    }

    /** A call whose request is raw bytes without the version. */
    public void call(byte[] request) throws IOException {
        OtpOutputStream payload = new OtpOutputStream();
        payload.write1(131);
        payload.write_tuple_head(3);
        payload.write_atom("$gen_call");
        payload.write_any(tuple(pid(), new OtpErlangAtom("tag")));
        payload.writeN(request);
        message(payload.toByteArray());
    }

    /** The message of the next frame that is not a tick; {@code {tag, Reply}} gives the reply. */
    public OtpErlangObject receive() throws Exception {
        OtpErlangTuple frame = next();
        return frame.elementAt(1).equals(NO_MESSAGE)
                ? frame.elementAt(0)
                : ((OtpErlangTuple) frame.elementAt(1)).elementAt(1);
    }

    /** The next frame that is not a tick: its control tuple, and its message or {@link #NO_MESSAGE}. */
    public OtpErlangTuple next() throws Exception {
        int length = in.readInt();
        while (length == 0) {
            length = in.readInt();
        }
        byte[] frame = new byte[length];
        in.readFully(frame);
        OtpInputStream stream = new OtpInputStream(frame, 1, length - 1, 0);
        OtpErlangObject control = stream.read_any();
        return tuple(control, stream.available() == 0 ? NO_MESSAGE : stream.read_any());
    }

    public String ping() throws Exception {
        call(bytesOf(new OtpErlangAtom("ping")));
        return receive().toString();
    }

    static byte[] bytesOf(OtpErlangObject term) {
        byte[] withVersion = term(term);
        return java.util.Arrays.copyOfRange(withVersion, 1, withVersion.length);
    }

    /** Whether the node has closed the connection; what it sends before is skipped. */
    boolean isClosedByNode() throws IOException {
        try {
            while (in.read() >= 0) {
                continue;
            }
            return true;
        } catch (java.net.SocketTimeoutException open) {
            return false;
        } catch (IOException reset) {
            return true;
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
