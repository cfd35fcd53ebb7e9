package io.llamanode.service.model;

import io.llamanode.gguf.GgufException;
import io.llamanode.gguf.GgufFile;
import io.llamanode.gguf.check.LibraryLimits;
import io.llamanode.gguf.check.ModelCheck;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.model.ModelConfig;
import io.llamanode.service.contract.model.ModelHeader;
import java.nio.file.Path;
import java.util.Map;

/** Says what a file is, as an inspection does and perhaps a load, in a process of its own. */
final class SmallHeap {
    private SmallHeap() {}

    /** @param arguments the file, and "load" or "inspect" */
    public static void main(String[] arguments) {
        Path path = Path.of(arguments[0]);
        boolean load = arguments[1].equals("load");
        try {
            ModelConfig config = new ModelConfig(path, null, null, null, null, null, null, null, null, null, null);
            ModelHeader header =
                    new NativeModelLoader(null, FileProbe.NONE).preview(config).header();
            if (load) {
                ModelCheck.check(GgufFile.readModel(path), true, new LibraryLimits(0, 0, 64, Map.of()));
            }
            System.out.println(header.architecture() + ", " + header.nVocab() + " tokens");
        } catch (GgufException e) {
            System.out.println("refused: " + e.getMessage());
        } catch (FailureException e) {
            System.out.println("refused: " + e.failure().message());
        }
    }
}
