package io.llamanode.transport.dist;

import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpErlangPid;
import com.ericsson.otp.erlang.OtpErlangRef;
import com.ericsson.otp.erlang.OtpOutputStream;
import io.llamanode.term.TermScanner;
import java.nio.charset.StandardCharsets;

/**
 * Builds one distribution frame: length, pass-through mark, control tuple, and for some operations a
 * message. Operation numbers are those of erts, "Distribution Protocol". Reusable, for one thread at a time.
 */
final class Frame extends OtpOutputStream {
    static final int PASS_THROUGH = 112;
    private static final byte[] NOPROC = smallAtom("noproc");
    private static final byte[] NOTSUP = smallAtom("notsup");

    Frame() {
        super(512);
    }

    /** The frame; {@link #size} bytes of this array. */
    byte[] bytes() {
        return buf;
    }

    /** {@code {2, '', ToPid}} and the message. */
    Frame send(OtpErlangPid to, OtpErlangObject message) {
        begin(3, 2);
        write1(119);
        write1(0);
        write_any(to);
        write1(TermScanner.VERSION);
        write_any(message);
        return finish();
    }

    /** SEND with {@code {Tag, Reply}}. */
    Frame reply(OtpErlangPid to, OtpErlangObject tag, OtpErlangObject reply) {
        begin(3, 2);
        write1(119);
        write1(0);
        write_any(to);
        return pair(tag, reply);
    }

    /** ALIAS_SEND {@code {33, FromPid, Alias}} with {@code {Tag, Reply}}: dropped by the BEAM if the alias is gone. */
    Frame aliasReply(OtpErlangPid from, OtpErlangRef alias, OtpErlangObject tag, OtpErlangObject reply) {
        begin(3, 33);
        write_any(from);
        write_any(alias);
        return pair(tag, reply);
    }

    /** ALIAS_SEND {@code {33, FromPid, Alias}} and the message: dropped by the BEAM if the alias is gone. */
    Frame aliasSend(OtpErlangPid from, OtpErlangRef alias, OtpErlangObject message) {
        begin(3, 33);
        write_any(from);
        write_any(alias);
        write1(TermScanner.VERSION);
        write_any(message);
        return finish();
    }

    private Frame pair(OtpErlangObject tag, OtpErlangObject reply) {
        write1(TermScanner.VERSION);
        write_tuple_head(2);
        write_any(tag);
        write_any(reply);
        return finish();
    }

    /** MONITOR_P {@code {19, FromPid, ToPid, Ref}}. */
    Frame monitor(OtpErlangPid from, OtpErlangPid to, OtpErlangRef ref) {
        return monitorOperation(19, from, to, ref);
    }

    /** DEMONITOR_P {@code {20, FromPid, ToPid, Ref}}. */
    Frame demonitor(OtpErlangPid from, OtpErlangPid to, OtpErlangRef ref) {
        return monitorOperation(20, from, to, ref);
    }

    private Frame monitorOperation(int operation, OtpErlangPid from, OtpErlangPid to, OtpErlangRef ref) {
        begin(4, operation);
        write_any(from);
        write_any(to);
        write_any(ref);
        return finish();
    }

    /** MONITOR_P_EXIT {@code {21, FromProc, ToPid, Ref, noproc}}, the terms as they were received. */
    Frame monitorNoproc(byte[] received, Control.Monitor request) {
        begin(5, 21);
        raw(received, request.watched());
        raw(received, request.watcher());
        raw(received, request.ref());
        writeN(NOPROC);
        return finish();
    }

    /** EXIT {@code {3, FromPid, ToPid, noproc}}, the terms as they were received. */
    Frame linkNoproc(byte[] received, Control.Link request) {
        begin(4, 3);
        raw(received, request.to());
        raw(received, request.from());
        writeN(NOPROC);
        return finish();
    }

    /** UNLINK_ID_ACK {@code {36, Id, FromPid, ToPid}}, the terms as they were received. */
    Frame unlinkAck(byte[] received, Control.Unlink request) {
        begin(4, 36);
        raw(received, request.id());
        raw(received, request.to());
        raw(received, request.from());
        return finish();
    }

    /** SPAWN_REPLY {@code {31, ReqId, To, Flags, notsup}}, the terms as they were received. */
    Frame spawnNotSupported(byte[] received, Control.Spawn request) {
        begin(5, 31);
        raw(received, request.ref());
        raw(received, request.from());
        write_long(0);
        writeN(NOTSUP);
        return finish();
    }

    /** Bytes that are encoded already, the end of a frame or a whole one. */
    Frame verbatim(byte[] bytes) {
        reset();
        write(bytes, 0, bytes.length);
        return this;
    }

    /** No bytes at all: there is nothing to be said any more. */
    Frame nothing() {
        reset();
        return this;
    }

    private void begin(int arity, int operation) {
        reset();
        write4BE(0);
        write1(PASS_THROUGH);
        write1(TermScanner.VERSION);
        write_tuple_head(arity);
        write1(97);
        write1(operation);
    }

    private Frame finish() {
        poke4BE(0, size() - 4);
        return this;
    }

    private void raw(byte[] received, Control.Slice slice) {
        write(received, slice.from(), slice.end() - slice.from());
    }

    private static byte[] smallAtom(String text) {
        byte[] name = text.getBytes(StandardCharsets.UTF_8);
        byte[] atom = new byte[2 + name.length];
        atom[0] = 119;
        atom[1] = (byte) name.length;
        System.arraycopy(name, 0, atom, 2, name.length);
        return atom;
    }
}
