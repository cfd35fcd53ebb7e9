package io.llamanode.llama.library;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.llamanode.llama.LibraryException;
import io.llamanode.llama.functions.AdapterFunctions;
import io.llamanode.llama.functions.BackendFunctionsCalls;
import io.llamanode.llama.functions.ContextFunctions;
import io.llamanode.llama.functions.ContextFunctionsCalls;
import io.llamanode.llama.functions.GrammarFunctions;
import io.llamanode.llama.functions.GrammarFunctionsCalls;
import io.llamanode.llama.functions.KvMemory;
import io.llamanode.llama.functions.ModelFunctions;
import io.llamanode.llama.functions.ModelFunctionsCalls;
import io.llamanode.llama.functions.NativeFunctions;
import io.llamanode.llama.functions.ReleaseApi;
import io.llamanode.llama.functions.SamplerFunctions;
import io.llamanode.llama.functions.StructTable;
import io.llamanode.llama.functions.VersionFunctionsCalls;
import io.llamanode.llama.functions.VocabFunctions;
import io.llamanode.llama.functions.VocabFunctionsCalls;
import io.llamanode.llama.log.NativeLog;
import io.llamanode.llama.watch.NativeWatch;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A loaded native library, never unloaded. Safe for use by several threads.
 *
 * <p>Its log goes to the SLF4J logger {@code llama.cpp}: errors and warnings under their own level, everything else
 * as debug, since a single model load logs over a hundred informational lines.
 */
public final class LlamaLibrary {

    private static final Logger LOG = LoggerFactory.getLogger(LlamaLibrary.class);

    private static @Nullable LlamaLibrary chosen;
    private static @Nullable LlamaLibrary embedded;
    /** By the address of a function: a library that is found in two ways is still one, with one log. */
    private static final Map<Long, LlamaLibrary> FILES = new HashMap<>();

    /** What its release has in its own way. */
    public final ReleaseApi generation;

    /** Its functions on models and on the library itself. */
    public final ModelFunctions models;

    /** Its functions on vocabularies. */
    public final VocabFunctions vocabs;

    /** Its functions on contexts. */
    public final ContextFunctions contexts;

    /** Its functions on samplers. */
    public final SamplerFunctions samplers;

    /** Its functions on grammars. */
    public final GrammarFunctions grammars;

    /** Its functions on LoRA adapters. */
    public final AdapterFunctions adapters;

    /** Its functions on KV caches. */
    public final KvMemory memory;

    /** Where its log goes. */
    public final NativeLog log;

    /** Whether its calls get on. */
    public final NativeWatch watch = new NativeWatch();

    private final String version;
    private final @Nullable Path path;
    private final List<String> backends;
    private volatile String why = "";

    private LlamaLibrary(SymbolLookup symbols, String what, boolean isFile) {
        NativeFunctions functions = new NativeFunctions(symbols, what);
        this.version = version(functions, what);
        this.generation = ReleaseApi.of(version)
                .orElseThrow(() -> new LibraryException(
                        what + " is llama.cpp " + version + "; known are " + ReleaseApi.knownNames()));
        this.models = new ModelFunctionsCalls(functions);
        checkDefaults(generation);
        this.vocabs = new VocabFunctionsCalls(functions);
        this.contexts = new ContextFunctionsCalls(functions);
        this.samplers = generation.samplers(functions);
        this.grammars = new GrammarFunctionsCalls(functions);
        this.adapters = generation.adapters(functions);
        this.memory = generation.memory(functions);
        Path file = isFile ? Backends.fileOf(functions.address("llama_decode")) : null;
        this.path = file;
        this.log = new NativeLog();
        models.logSet(log.callback(), MemorySegment.NULL);
        this.backends = file != null
                ? Backends.load(
                        new BackendFunctionsCalls(functions),
                        Objects.requireNonNull(file.toAbsolutePath().getParent()))
                : List.of();
        models.backendInit();
    }

    /**
     * The library that this process uses, chosen at the first call.
     *
     * @return the library
     * @throws LibraryException when there is none for this platform that this package knows
     */
    public static LlamaLibrary open() {
        return open(Optional.empty());
    }

    /**
     * The library that this process uses. The first call chooses it: what was asked for by the argument, else by the
     * system property {@code llamanode.llama.lib}, else by the environment variable {@code LLAMA_NODE_LIB}, and nothing
     * else then; unless one of them did, the first one that is of a known release, of the newer one of the directory
     * {@code native} beside the jar and of the system's loader, and of the class path.
     *
     * @param location a directory with a {@code libllama}, or such a file, or {@code system} or {@code embedded} for
     *     the last two, or {@code auto} for the newest that is found; later calls do not heed it
     * @return the library
     * @throws LibraryException when there is none for this platform that this package knows, or not the one that was
     *     asked for
     */
    public static synchronized LlamaLibrary open(Optional<Path> location) {
        if (chosen == null) {
            LibrarySearch.Choice choice = LibrarySearch.choose(LibraryLocations.all(location));
            choice.library().why = choice.why();
            chosen = choice.library();
            LOG.debug("llama.cpp {}: {}", chosen.place(), chosen.systemInfo());
        }
        return chosen;
    }

    /**
     * The library at a place, whichever this process uses otherwise.
     *
     * @param location a directory with a {@code libllama}, or such a file
     * @return the library
     * @throws LibraryException when it cannot be loaded or is of an unknown release
     */
    public static synchronized LlamaLibrary at(Path location) {
        Path path = location.toAbsolutePath().normalize();
        return of(LibraryFile.installed(path, Arena.global()), path.toString());
    }

    /**
     * Finds a library without keeping it loaded.
     *
     * @param location as for {@link #open(Optional)}
     * @return where it is, for a sentence: mostly a file
     * @throws LibraryException when there is none
     */
    public static String find(Path location) {
        return LibrarySearch.find(LibraryLocations.of(location));
    }

    /**
     * The library in the class path, whichever this process uses otherwise.
     *
     * @return the library
     * @throws LibraryException when there is none for this platform, or it cannot be loaded
     */
    public static synchronized LlamaLibrary embedded() {
        if (embedded == null) {
            embedded = new LlamaLibrary(LibraryFile.embedded(), "The embedded library", false);
        }
        return embedded;
    }

    /** The library of the operating system, which its loader finds by one of these names. */
    static synchronized LlamaLibrary ofSystem(List<String> names) {
        return of(LibraryFile.ofSystem(names, Arena.global()), "The operating system's library");
    }

    private static LlamaLibrary of(SymbolLookup symbols, String what) {
        Optional<Long> address = symbols.find("llama_backend_init").map(MemorySegment::address);
        LlamaLibrary library = address.map(FILES::get).orElse(null);
        if (library == null) {
            library = new LlamaLibrary(symbols, what, true);
            FILES.put(address.orElseThrow(), library);
        }
        return library;
    }

    /** Releases with semantic versions tell theirs, java-llama.cpp's library has the number of its build. */
    static String version(NativeFunctions f, String what) {
        String version = text(new VersionFunctionsCalls(f).version());
        if (version != null) {
            return version.startsWith("v") ? version : "v" + version;
        }
        return f.find("LLAMA_BUILD_NUMBER")
                .map(build -> "b" + build.reinterpret(JAVA_INT.byteSize()).get(JAVA_INT, 0))
                .orElseThrow(() -> new LibraryException(
                        what + " does not tell its version; known are llama.cpp " + ReleaseApi.knownNames()));
    }

    /** Refuses a library whose parameter structs are not those of a generation. */
    void checkDefaults(ReleaseApi expected) {
        try (Arena arena = Arena.ofConfined()) {
            var room = StructTable.marked(arena);
            List<String> differences = new ArrayList<>();
            differences.addAll(expected.modelParams().differences(models.modelDefaultParams(room)));
            differences.addAll(expected.contextParams().differences(models.contextDefaultParams(room)));
            if (!differences.isEmpty()) {
                List<String> first = differences.subList(0, Math.min(5, differences.size()));
                throw new LibraryException("The library says it is llama.cpp " + version
                        + ", but has not the structs of " + expected.name() + ": " + String.join(", ", first));
            }
        }
    }

    /** {@return the name of the library, {@code llama.cpp}} */
    public String name() {
        return "llama.cpp";
    }

    /** {@return the release, such as {@code b4916} or {@code v0.5.0}} */
    public String version() {
        return version;
    }

    /** {@return the release and where it is, for a sentence} */
    public String place() {
        return version + " from " + path().map(Path::toString).orElse("the jar");
    }

    /** {@return why this process uses it, for a sentence; empty unless it was chosen by {@link #open(Optional)}} */
    public String why() {
        return why;
    }

    /** {@return the file, or nothing for the one in the class path} */
    public Optional<Path> path() {
        return Optional.ofNullable(path);
    }

    /**
     * What computes.
     *
     * @return the files of the backends, if they are libraries of their own, and the features of the processor that
     *     are in use ({@code llama_print_system_info})
     */
    public synchronized String systemInfo() {
        String info = Objects.requireNonNull(text(models.systemInfo())).strip();
        return backends.isEmpty() ? info : String.join(", ", backends) + ": " + info;
    }

    /**
     * Whether its threads sleep when they wait for each other. Those of a library built without OpenMP spin: once
     * there are more busy threads than cores, each wait lasts a time slice and two threads are many times slower
     * than one.
     *
     * @return whether it is built with OpenMP
     */
    public boolean threadsSleep() {
        return systemInfo().contains("OPENMP = 1");
    }

    /** {@return bytes of addresses that a context takes beside its cache, its outputs and the buffers of computations} */
    public long contextAddresses() {
        return generation.contextAddresses();
    }

    /** {@return what to say where a newer release may help, to be put behind a sentence; empty where there is none} */
    public String advice() {
        if (generation == ReleaseApi.V0_7) {
            return "";
        }
        String way = generation == ReleaseApi.V0_5
                ? "an operating system's package of llama.cpp " + ReleaseApi.V0_7.name()
                : "llama.cpp " + ReleaseApi.V0_5.name() + ", which `make native` installs,";
        return "; " + way + " knows more models than " + version;
    }

    /**
     * Copies a C string.
     *
     * @param pointer a {@code const char *}, terminated, or null
     * @return the text, read as UTF-8, or {@code null} from a null pointer
     */
    public static @Nullable String text(MemorySegment pointer) {
        return pointer.equals(MemorySegment.NULL)
                ? null
                : pointer.reinterpret(Long.MAX_VALUE).getString(0);
    }

    static {
        // The layouts of the structs are those of 64-bit platforms.
        if (ADDRESS.byteSize() != Long.BYTES) {
            throw new LibraryException("Only 64-bit platforms are supported");
        }
    }
}
