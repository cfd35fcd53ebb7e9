package io.llamanode.llama.library;

import static java.lang.foreign.ValueLayout.ADDRESS;

import io.llamanode.llama.LibraryException;
import io.llamanode.llama.functions.BackendFunctions;
import io.llamanode.llama.functions.LoaderFunctions;
import io.llamanode.llama.functions.LoaderFunctionsCalls;
import io.llamanode.llama.functions.NativeFunctions;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The backends of a release that has them in libraries of their own, of which ggml chooses the one that suits the
 * processor best.
 */
final class Backends {

    private static final long DL_INFO = 32; // Dl_info begins with the path of the object.

    private static final LoaderFunctions LOADER =
            new LoaderFunctionsCalls(new NativeFunctions(Linker.nativeLinker().defaultLookup(), "The C library"));

    private Backends() {}

    /**
     * Loads them, unless they are part of the library.
     *
     * @param functions of the library
     * @param directory that of the library; packages of operating systems may have compiled another one in
     * @return the file names of what computes
     * @throws LibraryException when there are none
     */
    static List<String> load(BackendFunctions functions, Path directory) {
        try (Arena arena = Arena.ofConfined()) {
            if (functions.count() == 0) {
                if (hasBackends(directory)) {
                    functions.loadAllFrom(arena.allocateFrom(directory.toString()));
                } else {
                    functions.loadAll();
                }
            }
            if (functions.count() == 0) {
                throw new LibraryException("There is no backend (libggml-cpu*) for this processor in " + directory);
            }
            List<String> names = new ArrayList<>();
            for (long i = 0; i < functions.count(); i++) {
                names.add(fileOf(functions.get(i)).getFileName().toString());
            }
            return names;
        } catch (IOException e) {
            throw new LibraryException("The directory " + directory + " cannot be read: " + e.getMessage(), e);
        }
    }

    private static boolean hasBackends(Path directory) throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "libggml-cpu*")) {
            return files.iterator().hasNext();
        }
    }

    /** The shared library that an address belongs to ({@code dladdr}). */
    static Path fileOf(MemorySegment address) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment info = arena.allocate(DL_INFO, Long.BYTES);
            if (LOADER.addressInfo(address, info) == 0) {
                throw new LibraryException("The loader does not know the library of a function");
            }
            return Path.of(LlamaLibrary.text(info.get(ADDRESS, 0)));
        }
    }
}
