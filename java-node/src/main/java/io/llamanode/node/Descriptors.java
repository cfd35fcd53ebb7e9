package io.llamanode.node;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/** The few POSIX calls on file descriptors that Java has no API for. */
final class Descriptors {
    private static final int EINTR = 4;
    private static final int EAGAIN_LINUX = 11;
    private static final int EAGAIN_DARWIN = 35;
    private static final short POLLOUT = 4;

    private static final Linker LINKER = Linker.nativeLinker();
    private static final StructLayout CAPTURED = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = CAPTURED.varHandle(MemoryLayout.PathElement.groupElement("errno"));

    // int dup(int); int dup2(int, int); ssize_t write(int, const void *, size_t)
    private static final MemorySegment DUP_ADDRESS = address("dup");
    private static final MemorySegment DUP2_ADDRESS = address("dup2");
    private static final MemorySegment WRITE_ADDRESS = address("write");
    private static final MethodHandle DUP = call(FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
    private static final MethodHandle DUP2 =
            call(FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
    private static final MethodHandle WRITE = call(FunctionDescriptor.of(
            ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG));

    /** {@code int poll(struct pollfd *, nfds_t, int)}, which few processes ever need: made when one does. */
    private static final class Poll {
        static final MemorySegment ADDRESS = address("poll");
        static final MethodHandle CALL = call(FunctionDescriptor.of(
                ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT));
    }

    private Descriptors() {}

    private static MemorySegment address(String name) {
        return LINKER.defaultLookup().findOrThrow(name);
    }

    /** What calls functions of a type. The address is an argument, since a bound one costs the virtual machine more code. */
    private static MethodHandle call(FunctionDescriptor type) {
        return LINKER.downcallHandle(type, Linker.Option.captureCallState("errno"));
    }

    /** {@return a new descriptor of what {@code fd} is open on} */
    static int dup(int fd) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(CAPTURED);
            int copy = (int) DUP.invokeExact(DUP_ADDRESS, state, fd);
            if (copy < 0) {
                throw new IOException("dup(" + fd + ") failed, errno " + errno(state));
            }
            return copy;
        } catch (IOException | RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /** Makes {@code to} another name of what {@code from} is open on. */
    static void dup2(int from, int to) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(CAPTURED);
            while ((int) DUP2.invokeExact(DUP2_ADDRESS, state, from, to) < 0) {
                if (errno(state) != EINTR) {
                    throw new IOException("dup2(" + from + ", " + to + ") failed, errno " + errno(state));
                }
            }
        } catch (IOException | RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /**
     * Writes a part of the bytes, waiting until the descriptor takes some.
     *
     * @param fd open for writing
     * @param bytes native memory
     * @return how many were written, at least 1
     * @throws IOException on an error; EPIPE among them, since the JVM ignores SIGPIPE
     */
    static long write(int fd, MemorySegment bytes) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(CAPTURED);
            while (true) {
                long written = (long) WRITE.invokeExact(WRITE_ADDRESS, state, fd, bytes, bytes.byteSize());
                if (written > 0) {
                    return written;
                }
                switch (errno(state)) {
                    case EINTR -> {}
                    // Whoever made the pipe may have made it non-blocking.
                    case EAGAIN_LINUX, EAGAIN_DARWIN -> awaitWritable(arena, state, fd);
                    default -> throw new IOException("write failed, errno " + errno(state));
                }
            }
        } catch (IOException | RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    private static void awaitWritable(Arena arena, MemorySegment state, int fd) throws Throwable {
        MemorySegment pollfd = arena.allocate(8, 4);
        pollfd.set(ValueLayout.JAVA_INT, 0, fd);
        pollfd.set(ValueLayout.JAVA_SHORT, 4, POLLOUT);
        int ready = (int) Poll.CALL.invokeExact(Poll.ADDRESS, state, pollfd, 1L, -1);
        if (ready < 0 && errno(state) != EINTR) {
            throw new IOException("poll failed, errno " + errno(state));
        }
    }

    private static int errno(MemorySegment state) {
        return (int) ERRNO.get(state, 0L);
    }
}
