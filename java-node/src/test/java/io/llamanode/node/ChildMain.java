package io.llamanode.node;

import com.ericsson.otp.erlang.OtpErlangAtom;
import com.ericsson.otp.erlang.OtpErlangBinary;
import com.ericsson.otp.erlang.OtpErlangLong;
import com.ericsson.otp.erlang.OtpErlangObject;
import io.llamanode.protocol.launch.LogLevel;
import io.llamanode.transport.stdio.FrameChannel;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What {@link StandardStreamsTest} starts as a process of its own; the first argument says what it does. */
final class ChildMain {
    static final int PRINTERS = 4;
    static final int LINES = 200;

    private ChildMain() {}

    public static void main(String[] args) throws Throwable {
        if (args[0].equals("nonblocking")) {
            makeNonBlocking();
        }
        FrameChannel channel = claim();
        switch (args[0]) {
            case "echo" -> echo(channel);
            case "nonblocking" -> nonBlocking(channel);
            case "print" -> print(channel);
            case "stuck" -> stuck(channel);
            case "flood" -> flood(channel);
            case "log" -> log(channel);
            case "stderr" -> logToStandardError(channel);
            default -> throw new IllegalArgumentException(args[0]);
        }
        // Only the end of the input or a frame ends this process.
        new CountDownLatch(1).await();
    }

    private static FrameChannel claim() throws Exception {
        StandardStreams streams = StandardStreams.claim();
        return new FrameChannel(streams.input(), streams.output());
    }

    /** Sends each frame back; ends with status 0 at the end of input and 3 at a broken frame. */
    private static void echo(FrameChannel channel) {
        channel.start(new FrameChannel.Listener() {
            @Override
            public void received(OtpErlangObject term) {
                channel.send(term);
            }

            @Override
            public void ended(FrameChannel.End end) {
                switch (end) {
                    case FrameChannel.End.Closed() -> Exit.begin(0, () -> {});
                    case FrameChannel.End.Broken(String message) -> Exit.begin(3, () -> System.err.println(message));
                }
            }
        });
    }

    /** As a parent may leave it behind: the flag belongs to the pipe's end, not to the descriptor. */
    private static void makeNonBlocking() throws Throwable {
        Linker linker = Linker.nativeLinker();
        // int fcntl(int fd, int cmd, ...); F_SETFL is 4, O_NONBLOCK 2048 on Linux and 4 on Darwin.
        MethodHandle fcntl = linker.downcallHandle(
                linker.defaultLookup().findOrThrow("fcntl"),
                FunctionDescriptor.of(
                        ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT),
                Linker.Option.firstVariadicArg(2));
        int flag = System.getProperty("os.name").startsWith("Mac") ? 4 : 2048;
        if ((int) fcntl.invokeExact(1, 4, flag) != 0) {
            throw new AssertionError("fcntl failed");
        }
    }

    /** Sends more than a pipe takes, then says so on standard error. */
    private static void nonBlocking(FrameChannel channel) {
        echo(channel);
        channel.send(new OtpErlangBinary(new byte[3_000_000]));
        channel.send(new OtpErlangAtom("sent"));
        System.err.println("sending");
    }

    private static void print(FrameChannel channel) throws Throwable {
        echo(channel);
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < PRINTERS; i++) {
            int id = i;
            threads.add(Thread.ofPlatform().start(() -> {
                for (int line = 0; line < LINES; line++) {
                    System.out.println("java " + id);
                    nativeWrite("native " + id + "\n");
                    channel.send(new OtpErlangLong(line));
                }
            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        channel.send(new OtpErlangAtom("printed"));
    }

    /** To descriptor 1, as native code prints. */
    private static void nativeWrite(String text) {
        try (Arena arena = Arena.ofConfined()) {
            Linker linker = Linker.nativeLinker();
            MethodHandle write = linker.downcallHandle(
                    linker.defaultLookup().findOrThrow("write"),
                    FunctionDescriptor.of(
                            ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG));
            var bytes = arena.allocateFrom(text);
            long written = (long) write.invokeExact(1, bytes, bytes.byteSize() - 1);
            if (written != bytes.byteSize() - 1) {
                throw new AssertionError("wrote " + written);
            }
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /** Its orderly end hangs, and so does a shutdown hook. */
    private static void stuck(FrameChannel channel) {
        Runnable hang = () -> {
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        };
        Runtime.getRuntime().addShutdownHook(new Thread(hang));
        channel.start(new FrameChannel.Listener() {
            @Override
            public void received(OtpErlangObject term) {}

            @Override
            public void ended(FrameChannel.End end) {
                Exit.begin(0, hang);
            }
        });
        channel.send(new OtpErlangAtom("started"));
    }

    /**
     * Logs more than any pipe takes, at the level that has no limit of its own, then tells on standard error that no call
     * blocked; nobody reads yet.
     */
    private static void flood(FrameChannel channel) {
        echo(channel);
        LogSetup.toFrames(channel, LogLevel.DEBUG);
        Logger log = LoggerFactory.getLogger("flood");
        String text = "x".repeat(4000);
        for (int i = 0; i < 5000; i++) {
            log.debug(text);
        }
        for (int i = 0; i <= 100; i++) {
            channel.progress("/m.gguf", i / 100.0);
        }
        channel.send(new OtpErlangAtom("ready"));
        System.out.println("logged, dropped " + channel.droppedLogs());
    }

    private static void log(FrameChannel channel) throws InterruptedException {
        echo(channel);
        LogSetup.toFrames(channel, LogLevel.INFO);
        Logger log = LoggerFactory.getLogger("io.llamanode.Child");
        log.debug("hidden");
        log.info("{} of {}", 1, 2);
        log.warn("careful");
        log.error("failed", new IllegalStateException("outer", new RuntimeException("inner")));
        log.info("{}", new Object() {
            @Override
            public String toString() {
                LoggerFactory.getLogger("nested").info("from toString");
                return "outermost";
            }
        });
        channel.send(new OtpErlangAtom("logged"));
        if (!channel.awaitSent(1, TimeUnit.MINUTES)) {
            throw new AssertionError("not sent");
        }
    }

    private static void logToStandardError(FrameChannel channel) {
        echo(channel);
        LogSetup.toStandardError(LogLevel.WARNING);
        Logger log = LoggerFactory.getLogger("io.llamanode.Child");
        log.info("hidden");
        log.error("two\nlines", new IllegalStateException("thrown"));
        channel.send(new OtpErlangAtom("logged"));
    }
}
