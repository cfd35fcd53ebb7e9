package io.llamanode.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.llamanode.llama.library.TestLibrary;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Whatever a file says, the process that loads it lives, a model beside it says what it said before, and a refusal names what
 * is wrong. The files are the same in each run; a failure tells the seed, by which {@link FuzzRun} does it again.
 */
@Tag("native")
@Tag("process")
class MutatedFilesTest {
    private static final int FILES = Integer.getInteger("llamanode.files", 500);

    @TempDir
    private Path folder;

    private void mutate(String library, int from) throws Exception {
        FuzzRun run = new FuzzRun(library, folder);
        run.run(from, from + FILES);
        assertEquals(List.of(), run.bad, () -> "of " + run.counts);
        assertEquals(List.of(), run.unnamed(), () -> "of " + run.counts);
        // Files that reach the library, and answers that come out of it, are what this is for.
        assertTrue(run.counts.get("served") > FILES / 10, () -> "of " + run.counts);
    }

    @Test
    void theEmbeddedLibraryOutlivesThem() throws Exception {
        mutate("embedded", 0);
    }

    @Test
    void theInstalledLibraryOutlivesThem() throws Exception {
        Path library = TestLibrary.installedFile("");
        assumeTrue(Files.isDirectory(library), () -> library + " is absent; `make native` installs it");
        mutate(library.toString(), FILES);
    }
}
