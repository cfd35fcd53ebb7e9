package io.llamanode.gguf.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.gguf.GgufException;
import io.llamanode.gguf.GgufException.Reason;
import io.llamanode.gguf.GgufFile;
import io.llamanode.gguf.GgufWriter;
import io.llamanode.testmodel.SyntheticModels;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.io.TempDir;

/** Models that are checked as before a load, and what is said of those that are refused. */
abstract class CheckedModels {
    private static final LibraryLimits LIMITS = new LibraryLimits(256, 2, 39, Map.of("baichuan", Set.of(32L, 40L)));

    @TempDir
    private Path folder;

    void check(GgufWriter writer, boolean vocabOnly) {
        ModelCheck.check(GgufFile.read(writer.write(folder.resolve("model.gguf"))), vocabOnly, LIMITS);
    }

    String refusal(GgufWriter writer) {
        GgufException e = assertThrows(GgufException.class, () -> check(writer, false));
        assertEquals(Reason.MALFORMED, e.reason());
        String path = folder.resolve("model.gguf") + " ";
        assertTrue(e.getMessage().startsWith(path), e.getMessage());
        return e.getMessage().substring(path.length());
    }

    static GgufWriter llama() {
        return SyntheticModels.writer(SyntheticModels.tiny());
    }
}
