package io.llamanode.llama.model;

import io.llamanode.gguf.GgufException;
import io.llamanode.gguf.GgufFile;
import io.llamanode.gguf.check.LibraryLimits;
import io.llamanode.gguf.check.ModelCheck;
import io.llamanode.llama.ModelLoadException;
import io.llamanode.llama.ModelLoadException.Reason;
import java.nio.file.Path;

/** Reads the header of a model and has it looked at, in the exceptions of this package. */
final class ModelFileCheck {

    private ModelFileCheck() {}

    static GgufFile read(Path path) {
        try {
            return GgufFile.readModel(path);
        } catch (GgufException e) {
            throw new ModelLoadException(reason(e.reason()), e.getMessage(), e);
        }
    }

    static void check(GgufFile file, boolean vocabOnly, LibraryLimits limits) {
        try {
            ModelCheck.check(file, vocabOnly, limits);
        } catch (GgufException e) {
            throw new ModelLoadException(reason(e.reason()), e.getMessage(), e);
        }
    }

    static Reason reason(GgufException.Reason reason) {
        return switch (reason) {
            case MISSING -> Reason.MISSING;
            case UNREADABLE -> Reason.UNREADABLE;
            case EMPTY -> Reason.EMPTY;
            case NOT_GGUF, UNSUPPORTED_VERSION -> Reason.NOT_GGUF;
            case TRUNCATED -> Reason.TRUNCATED;
            case MALFORMED -> Reason.MALFORMED;
        };
    }
}
