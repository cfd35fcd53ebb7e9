package io.llamanode.node.probe;

import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;

/** What a process that probes says. Never changes: for any thread. */
sealed interface Sign {
    /** How far it is. */
    enum Phase implements Sign {
        /** Nothing has been said yet. */
        STARTING("when it started"),
        /** The library is there, and the file is about to be loaded. */
        LOADING("while it loaded the file"),
        /** The file is loaded, and is computed with. */
        COMPUTING("while it computed with the file");

        private final String when;

        Phase(String when) {
            this.when = when;
        }

        /** {@return the same for a sentence} */
        String when() {
            return when;
        }
    }

    /** Native code has got on since the last sign. */
    record Moved() implements Sign {}

    /** The file was loaded and computed with, and closed again. */
    record Passed() implements Sign {}

    /**
     * The file was refused as a file may be, and the process is well.
     *
     * @param failure why
     */
    record Refused(Failure failure) implements Sign {}

    /** Nothing comes any more. */
    record Ended() implements Sign {}

    /** Half of what a text of a stream may take, whatever its letters. */
    int MOST = 10_000;

    /** Writes what is no end. */
    static void write(Sign sign, DataOutputStream out) throws IOException {
        switch (sign) {
            case Phase phase -> out.writeByte(phase == Phase.LOADING ? 'L' : 'C');
            case Moved _ -> out.writeByte('.');
            case Passed _ -> out.writeByte('P');
            case Refused(Failure(ErrorCode code, String message)) -> {
                out.writeByte('R');
                out.writeUTF(code.name());
                out.writeUTF(message.substring(0, Math.min(message.length(), MOST)));
            }
            case Ended _ -> throw new IllegalArgumentException("an end says itself");
        }
        out.flush();
    }

    /** {@return the next sign, the end of the stream among them} What is none is passed over. */
    static Sign read(DataInputStream in) throws IOException {
        while (true) {
            switch (in.read()) {
                case -1 -> {
                    return new Ended();
                }
                case 'L' -> {
                    return Phase.LOADING;
                }
                case 'C' -> {
                    return Phase.COMPUTING;
                }
                case '.' -> {
                    return new Moved();
                }
                case 'P' -> {
                    return new Passed();
                }
                case 'R' -> {
                    return new Refused(new Failure(ErrorCode.valueOf(in.readUTF()), in.readUTF()));
                }
                default -> {}
            }
        }
    }
}
