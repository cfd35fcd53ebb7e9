package io.llamanode.llama;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;

/** The libraries that tests run on: one of each generation. */
public enum TestLibrary {
    /** The embedded one. */
    B4916,
    /** The one that {@code make native} installs; tests on it are skipped where it is not. */
    V0_5;

    /** {@return where {@code make native} installs a library} */
    static Path installed() {
        Path root = Path.of(System.getProperty("llamanode.root", "..")).toAbsolutePath().normalize();
        return root.resolve("priv/native")
                .resolve(LibraryLocations.platform(System.getProperty("os.name"), System.getProperty("os.arch")));
    }

    /** {@return the library, or the test is skipped} */
    public LlamaLibrary open() {
        if (this == B4916) {
            return LlamaLibrary.embedded();
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
