package io.llamanode.gguf;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The memory of this process that is in RAM, as proc(5)'s statm has it. The file stays open, since opening it costs
 * several times what reading does; and it is no channel, which an interrupted thread would close for everybody.
 *
 * <p>For any thread.
 */
public final class ResidentSize {
    private static final int PAGE = 4096;

    private final byte[] line = new byte[128];
    private final @Nullable RandomAccessFile statm;

    /** Opens the file. */
    public ResidentSize() {
        RandomAccessFile file = null;
        try {
            file = new RandomAccessFile("/proc/self/statm", "r");
        } catch (IOException absent) {
            // Not every system has it; the size is unknown then.
        }
        statm = file;
    }

    /** {@return bytes, or 0 where the system does not tell} */
    public synchronized long bytes() {
        if (statm == null) {
            return 0;
        }
        try {
            statm.seek(0);
            int length = Math.max(0, statm.read(line));
            String[] pages = new String(line, 0, length, StandardCharsets.US_ASCII).split(" ", -1);
            return pages.length < 2 ? 0 : Long.parseLong(pages[1]) * PAGE;
        } catch (IOException e) {
            return 0;
        }
    }
}
