package io.llamanode.node;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.ericsson.otp.erlang.OtpErlangDecodeException;
import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpInputStream;
import com.ericsson.otp.erlang.OtpOutputStream;
import java.io.BufferedReader;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A process that runs {@link ChildMain}, seen from its parent. */
final class Child implements AutoCloseable {
    private final Process process;
    private final DataInputStream frames;

    Child(String what) throws IOException {
        this(ChildMain.class, what);
    }

    /**
     * @param main what it runs
     * @param arguments of that
     */
    Child(Class<?> main, String... arguments) throws IOException {
        this(List.of("-Xmx128m"), main, arguments);
    }

    /** The same on a virtual machine with these flags. */
    static Child with(List<String> flags, Class<?> main, String... arguments) throws IOException {
        return new Child(flags, main, arguments);
    }

    private Child(List<String> flags, Class<?> main, String... arguments) throws IOException {
        String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED"));
        command.addAll(flags);
        command.addAll(List.of("-cp", classPath, main.getName()));
        command.addAll(List.of(arguments));
        process = new ProcessBuilder(command).start();
        frames = new DataInputStream(process.getInputStream());
    }

    OutputStream input() {
        return process.getOutputStream();
    }

    BufferedReader errors() {
        return process.errorReader(StandardCharsets.UTF_8);
    }

    void send(OtpErlangObject term) throws IOException {
        byte[] bytes = new OtpOutputStream(term).toByteArray();
        DataOutputStream out = new DataOutputStream(input());
        out.writeInt(bytes.length + 1);
        out.write(131);
        out.write(bytes);
        out.flush();
    }

    /** {@return the next frame's term} */
    OtpErlangObject receive() throws IOException, OtpErlangDecodeException {
        byte[] frame = new byte[frames.readInt()];
        frames.readFully(frame);
        try (OtpInputStream in = new OtpInputStream(frame)) {
            OtpErlangObject term = in.read_any();
            assertTrue(in.available() == 0, "a frame holds one term");
            return term;
        }
    }

    /** {@return the exit status, which the process must reach by itself} */
    int exitStatus() throws InterruptedException {
        assertTrue(process.waitFor(2, TimeUnit.MINUTES), "the process is still there");
        return process.exitValue();
    }

    /** {@return what it prints, in place of frames} */
    BufferedReader output() {
        return process.inputReader(StandardCharsets.UTF_8);
    }

    long pid() {
        return process.pid();
    }

    /** As {@code kill} does. */
    void terminate() {
        process.destroy();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    void closeOutput() throws IOException {
        process.getInputStream().close();
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
