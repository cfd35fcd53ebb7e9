package io.llamanode.llama.library;

import io.llamanode.llama.LibraryException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Loads libraries. The one inside the artifact {@code de.kherud:llama} is unpacked into a private directory, loaded for
 * the C API and for its JNI class, and unlinked again at once, so that even a killed process leaves no file behind.
 */
public final class LibraryFile {

    private static @Nullable SymbolLookup embedded;

    private static final String LIB_PATH = "de.kherud.llama.lib.path";
    private static final String TMP_DIR = "de.kherud.llama.tmpdir";
    private static final Pattern LIBRARY = Pattern.compile("libllama(\\.[v.0-9]+)?\\.(so|dylib)(\\.[.0-9]+)?");
    private static final String JNI_CLASS = "de.kherud.llama.LlamaModel";

    private LibraryFile() {}

    /** The resource of a platform, named as by java-llama.cpp's {@code OSInfo}. */
    static String resource(String osName, String osArch) {
        String os = osName.toLowerCase(Locale.ROOT);
        String arch = switch (osArch.toLowerCase(Locale.ROOT)) {
            case "amd64", "x86_64", "x86-64" -> "x86_64";
            case "aarch64", "arm64" -> "aarch64";
            default -> osArch;
        };
        boolean mac = os.contains("mac") || os.contains("darwin");
        String system = mac ? "Mac" : os.contains("linux") ? "Linux" : osName;
        return "/de/kherud/llama/" + system + "/" + arch + "/" + (mac ? "libjllama.dylib" : "libjllama.so");
    }

    /**
     * Loads the library for this platform, once.
     *
     * @return its symbols, which stay for the life of the process
     * @throws LibraryException if the jar has none for this platform, or it cannot be loaded
     */
    public static synchronized SymbolLookup embedded() {
        if (embedded == null) {
            embedded = load(resource(System.getProperty("os.name"), System.getProperty("os.arch")));
        }
        return embedded;
    }

    /**
     * Loads a library of llama.cpp from a directory, in which its loader also finds the other libraries it needs.
     *
     * @param path the directory, or the library itself
     * @param arena how long it is wanted
     */
    static SymbolLookup installed(Path path, Arena arena) {
        Path file = find(path);
        ElfFile.checkWithNeighbours(file);
        try {
            return SymbolLookup.libraryLookup(file.toAbsolutePath(), arena);
        } catch (IllegalArgumentException e) {
            String why = LoaderError.of(file.toAbsolutePath().toString());
            throw new LibraryException(file + " cannot be loaded: " + why, e);
        }
    }

    /**
     * Loads a library of llama.cpp that the system's loader finds by itself.
     *
     * @param names what it may be called
     * @param arena how long it is wanted
     */
    static SymbolLookup ofSystem(List<String> names, Arena arena) {
        String broken = null;
        for (String name : names) {
            try {
                return SymbolLookup.libraryLookup(name, arena);
            } catch (IllegalArgumentException e) {
                String why = LoaderError.of(name);
                if (broken == null && !LoaderError.isAbsent(why)) {
                    broken = "The operating system's " + name + " cannot be loaded: " + why;
                }
            }
        }
        throw broken == null
                ? new LibraryException(
                        LibraryException.Kind.ABSENT,
                        "The operating system has no " + String.join(" or ", names) + " that its loader finds",
                        null)
                : new LibraryException(broken);
    }

    /** {@return the library at a place} */
    static Path find(Path path) {
        Path file = Files.isDirectory(path) ? libraryIn(path) : path;
        if (!Files.isRegularFile(file)) {
            throw new LibraryException(LibraryException.Kind.ABSENT, "There is no file " + file, null);
        }
        return file;
    }

    /** Some packages have the release in the name. */
    private static Path libraryIn(Path directory) {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file ->
                            LIBRARY.matcher(file.getFileName().toString()).matches())
                    .min(Comparator.comparingInt(file -> file.toString().length()))
                    .orElseThrow(() -> new LibraryException("There is no libllama in " + directory));
        } catch (IOException e) {
            throw new LibraryException("The directory " + directory + " cannot be read: " + e.getMessage(), e);
        }
    }

    /** Loads a library of the resource of this name. */
    static SymbolLookup load(String resource) {
        try (InputStream in = LibraryFile.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new LibraryException(
                        "There is no native library for this platform: " + resource + " is not in the class path");
            }
            Path directory = Files.createTempDirectory(
                    "llama-node-", PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            Path file = directory.resolve(resource.substring(resource.lastIndexOf('/') + 1));
            try {
                Files.copy(in, file);
                return load(directory, file);
            } finally {
                Files.deleteIfExists(file);
                Files.deleteIfExists(directory);
            }
        } catch (IOException e) {
            throw new LibraryException("The native library cannot be unpacked: " + e.getMessage(), e);
        }
    }

    private static SymbolLookup load(Path directory, Path file) {
        try {
            // The JNI class loads the same file from here. Its loader also deletes everything whose name starts
            // with "llama" in its temporary directory, by default that of the system.
            withProperty(LIB_PATH, directory, () -> withProperty(TMP_DIR, directory, () -> Class.forName(JNI_CLASS)));
            return SymbolLookup.libraryLookup(file, Arena.global());
        } catch (LinkageError | IllegalArgumentException | ClassNotFoundException e) {
            throw new LibraryException("The native library cannot be loaded: " + e.getMessage(), e);
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new LibraryException("The native library cannot be loaded: " + e, e);
        }
    }

    private static <T> T withProperty(String name, Path value, Callable<T> body) throws Exception {
        String before = System.getProperty(name);
        System.setProperty(name, value.toString());
        try {
            return body.call();
        } finally {
            if (before == null) {
                System.clearProperty(name);
            } else {
                System.setProperty(name, before);
            }
        }
    }
}
