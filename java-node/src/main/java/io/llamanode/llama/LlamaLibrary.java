package io.llamanode.llama;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.util.ArrayList;
import java.util.List;

/**
 * The loaded native library, one for the process and never unloaded. Safe for use by several threads.
 *
 * <p>Its log goes to the SLF4J logger {@code llama.cpp}: errors and warnings under their own level, everything else
 * as debug, since a single model load logs over a hundred informational lines.
 */
public final class LlamaLibrary {

    private static LlamaLibrary instance;

    final Generation generation;
    final ModelFunctions models;
    final VocabFunctions vocabs;
    final ContextFunctions contexts;
    final SamplerFunctions samplers;
    final GrammarFunctions grammars;
    final KvMemory memory;
    final NativeLog log;
    private final String version;

    private LlamaLibrary(SymbolLookup symbols, Generation generation) {
        NativeFunctions functions = new NativeFunctions(symbols, name());
        this.generation = generation;
        this.models = new ModelFunctions(functions, generation);
        this.vocabs = new VocabFunctions(functions);
        this.contexts = new ContextFunctions(functions);
        this.samplers = new SamplerFunctions(functions);
        this.grammars = new GrammarFunctions(functions);
        this.memory = generation.memory().bind(functions);
        this.version = functions
                .find("LLAMA_BUILD_NUMBER")
                .map(build -> "b" + build.reinterpret(JAVA_INT.byteSize()).get(JAVA_INT, 0))
                .orElse(generation.name());
        this.log = new NativeLog();
        checkDefaults(generation);
        models.logSet(log.callback(), MemorySegment.NULL);
        models.backendInit();
    }

    /**
     * Loads the library that the class path holds for this platform, or returns the one loaded before.
     *
     * @return the library
     * @throws LibraryException when there is none for this platform, it cannot be loaded, or it is not of the
     *     expected generation
     */
    public static synchronized LlamaLibrary open() {
        if (instance == null) {
            String resource = LibraryFile.resource(System.getProperty("os.name"), System.getProperty("os.arch"));
            instance = new LlamaLibrary(LibraryFile.load(resource), Generation.B4916);
        }
        return instance;
    }

    /** Refuses a library whose parameter structs are not those of a generation. */
    void checkDefaults(Generation expected) {
        try (Arena arena = Arena.ofConfined()) {
            List<String> differences = new ArrayList<>();
            differences.addAll(expected.modelParams().differences(models.modelDefaultParams(arena)));
            differences.addAll(expected.contextParams().differences(models.contextDefaultParams(arena)));
            if (!differences.isEmpty()) {
                throw new LibraryException("The native library is not of the generation " + expected.name()
                        + " of llama.cpp: " + String.join(", ", differences));
            }
        }
    }

    /** {@return the name of the library, {@code llama.cpp}} */
    public String name() {
        return "llama.cpp";
    }

    /** {@return the release, such as {@code b4916}} */
    public String version() {
        return version;
    }

    /** {@return the CPU features and backends in use ({@code llama_print_system_info})} */
    public synchronized String systemInfo() {
        return models.systemInfo().reinterpret(Long.MAX_VALUE).getString(0).strip();
    }

    /** Reads {@code const char *}, or {@code null} from a null pointer. */
    static String text(MemorySegment pointer) {
        return pointer.equals(MemorySegment.NULL)
                ? null
                : pointer.reinterpret(Long.MAX_VALUE).getString(0);
    }

    static {
        // The layouts in Generation are those of 64-bit platforms.
        if (ADDRESS.byteSize() != Long.BYTES) {
            throw new LibraryException("Only 64-bit platforms are supported");
        }
    }
}
