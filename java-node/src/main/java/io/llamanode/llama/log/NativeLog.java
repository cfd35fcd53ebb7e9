package io.llamanode.llama.log;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Receives llama.cpp's log, from any thread, and passes whole lines to the SLF4J logger {@code llama.cpp}. */
public final class NativeLog {

    private static final Logger LOG = LoggerFactory.getLogger("llama.cpp");
    private static final MethodType CALLBACK =
            MethodType.methodType(void.class, int.class, MemorySegment.class, MemorySegment.class);

    private static final ThreadLocal<List<String>> CAPTURES = new ThreadLocal<>();
    private final LogLines lines = new LogLines(this::line);

    /** A log of one library, which has nothing to say until {@link #callback} is set there. */
    public NativeLog() {}

    /** {@return a function pointer of type {@code ggml_log_callback}, valid for the life of the process} */
    public MemorySegment callback() {
        try {
            MethodHandle handle = MethodHandles.lookup().findVirtual(NativeLog.class, "log", CALLBACK);
            return Linker.nativeLinker()
                    .upcallStub(
                            handle.bindTo(this), FunctionDescriptor.ofVoid(JAVA_INT, ADDRESS, ADDRESS), Arena.global());
        } catch (NoSuchMethodException | IllegalAccessException e) {
            throw new IllegalStateException(e);
        }
    }

    /** From here on, the errors that the current thread's calls log are collected. */
    public void startCapture() {
        CAPTURES.set(new ArrayList<>());
    }

    /**
     * Ends a capture and tells what was collected.
     *
     * @return the errors, separated by semicolons, or a sentence that there were none
     */
    public String endCapture() {
        List<String> captured = CAPTURES.get();
        CAPTURES.remove();
        return captured == null || captured.isEmpty() ? "llama.cpp gave no reason" : String.join("; ", captured);
    }

    /** The upcall. Anything thrown here would end the process. */
    void log(int level, MemorySegment text, MemorySegment userData) {
        try {
            // One char for each byte, since a code point may be split between two calls.
            lines.append(level, text.reinterpret(Long.MAX_VALUE).getString(0, StandardCharsets.ISO_8859_1));
        } catch (Throwable t) {
            // Nothing can be told where the logging itself fails.
        }
    }

    private void line(int level, String line) {
        List<String> captured = CAPTURES.get();
        if (captured != null && level == LogLines.ERROR && captured.size() < 8) {
            captured.add(line);
        }
        if (level == LogLines.ERROR) {
            LOG.error(line);
        } else if (level == LogLines.WARN && !LogLines.isOfChosenSizes(line)) {
            LOG.warn(line);
        } else {
            LOG.debug(line);
        }
    }
}
