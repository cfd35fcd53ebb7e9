package io.llamanode.llama.library;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.llamanode.llama.ModelParams;
import io.llamanode.llama.ProgressListener;
import io.llamanode.llama.model.LlamaModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Supplier;
import org.opentest4j.TestAbortedException;

/** The libraries that tests run on. */
public enum TestLibrary {
    /** The embedded one. */
    B4916,
    /** The one that {@code make native} installs; tests on it are skipped where it is not. */
    V0_5,
    /** The operating system's, of whichever known release it is; tests on it are skipped where it has none. */
    OF_SYSTEM;

    /** {@return where {@code make native} installs a library} */
    static Path installed() {
        Path root = Path.of(System.getProperty("llamanode.root", ".."))
                .toAbsolutePath()
                .normalize();
        return root.resolve("priv/native")
                .resolve(LibraryLocations.platform(System.getProperty("os.name"), System.getProperty("os.arch")));
    }

    /** {@return a file of what {@code make native} installs, which may be absent} */
    public static Path installedFile(String name) {
        return installed().resolve(name);
    }

    /** {@return the library, or the test is skipped} */
    public LlamaLibrary open() {
        if (this == B4916) {
            return LlamaLibrary.embedded();
        }
        if (this == OF_SYSTEM) {
            LibraryLocations.Place place = LibraryLocations.of(Path.of(LibraryLocations.SYSTEM));
            assumeTrue(LibrarySearch.isThere(place), "the operating system has no libllama");
            return LlamaLibrary.ofSystem(((LibraryLocations.Place.OfSystem) place).names());
        }
        Path directory = installed();
        assumeTrue(Files.isDirectory(directory), () -> directory + " is absent; `make native` installs it");
        return LlamaLibrary.at(directory);
    }

    /**
     * Loads a model.
     *
     * @param path the file
     * @return the model
     */
    public LlamaModel load(Path path) {
        return load(path, ModelParams.DEFAULT, ProgressListener.NONE);
    }

    /**
     * Loads a model for all tests of a class, each of which must skip itself where there is none: what is skipped
     * as a whole does not appear in the report.
     *
     * @param file finds the file, or skips
     * @return the model; {@code null} without the library or the file
     */
    public LlamaModel loadForAll(Supplier<Path> file) {
        try {
            return load(file.get());
        } catch (TestAbortedException e) {
            return null;
        }
    }

    /**
     * Loads a model.
     *
     * @param path the file
     * @param params how
     * @param listener follows the load
     * @return the model
     */
    public LlamaModel load(Path path, ModelParams params, ProgressListener listener) {
        return LlamaModel.load(open(), path, params, listener);
    }
}
