package io.llamanode.llama.library;

import io.llamanode.llama.functions.LoaderFunctions;
import io.llamanode.llama.functions.LoaderFunctionsCalls;
import io.llamanode.llama.functions.NativeFunctions;
import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;

/** Why the system's loader does not load a library: the virtual machine only says that it does not. */
final class LoaderError {
    private static final int LAZY = 1;
    private static final String ABSENT = ": cannot open shared object file: No such file or directory";

    private LoaderError() {}

    /**
     * Tries again to load what could not be loaded, and asks for the reason.
     *
     * @param file path, or name that the loader looks for
     * @return the loader's words, without the name of the file in front
     */
    static String of(String file) {
        LoaderFunctions loader = new LoaderFunctionsCalls(
                new NativeFunctions(Linker.nativeLinker().defaultLookup(), "The C library"));
        try (Arena arena = Arena.ofConfined()) {
            // Whatever Java has to make for a first call must not come between the two.
            loader.error();
            loader.open(arena.allocateFrom(file), LAZY);
            MemorySegment error = loader.error();
            String words = LlamaLibrary.text(error);
            if (words == null) {
                return "the loader gives no reason";
            }
            return words.startsWith(file + ABSENT)
                    ? "there is none"
                    : words.startsWith(file + ": ") ? words.substring(file.length() + 2) : words;
        }
    }

    /** {@return whether these words of {@link #of} tell that there is no such library} */
    static boolean isAbsent(String words) {
        return words.equals("there is none");
    }
}
