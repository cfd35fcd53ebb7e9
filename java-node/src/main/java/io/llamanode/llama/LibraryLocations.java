package io.llamanode.llama;

import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Where libraries of llama.cpp are looked for, in this order; the embedded one, the oldest, comes last. */
final class LibraryLocations {

    /** In place of a path: the library in the class path. */
    static final String EMBEDDED = "embedded";

    /** A directory or file to try before all others, or {@link #EMBEDDED}. */
    static final String PROPERTY = "llamanode.llama.lib";

    /** Likewise, as an environment variable. */
    static final String VARIABLE = "LLAMA_NODE_LIB";

    /** What the system's loader may know; the second name is that of packages without development files. */
    private static final List<String> SYSTEM_NAMES = List.of("libllama.so", "libllama.so.0");

    private LibraryLocations() {}

    /** One place. */
    sealed interface Location {
        /** A directory or file that was asked for: that it does not fit is worth a warning. */
        record Named(String by, Path path) implements Location {}

        /** The directory that {@code priv/bin/install-native} fills. */
        record Installed(Path path) implements Location {}

        /** A library of the operating system. */
        record OfSystem(String name) implements Location {}

        /** The library in the class path. */
        record Embedded() implements Location {}
    }

    static List<Location> all(Optional<Path> argument, Optional<String> property, Optional<String> variable) {
        List<Location> locations = new ArrayList<>();
        argument.ifPresent(path -> locations.add(named("the argument", path)));
        property.ifPresent(path -> locations.add(named(PROPERTY, Path.of(path))));
        variable.ifPresent(path -> locations.add(named(VARIABLE, Path.of(path))));
        jarDirectory().ifPresent(directory -> locations.add(new Location.Installed(
                directory.resolve("native").resolve(platform(
                        System.getProperty("os.name"), System.getProperty("os.arch"))))));
        SYSTEM_NAMES.forEach(name -> locations.add(new Location.OfSystem(name)));
        locations.add(new Location.Embedded());
        return locations;
    }

    private static Location named(String by, Path path) {
        return path.toString().equals(EMBEDDED) ? new Location.Embedded() : new Location.Named(by, path);
    }

    static List<Location> all(Optional<Path> argument) {
        return all(argument, setting(System.getProperty(PROPERTY)), setting(System.getenv(VARIABLE)));
    }

    private static Optional<String> setting(String value) {
        return Optional.ofNullable(value).filter(text -> !text.isBlank());
    }

    /** The name of a platform as {@code priv/bin/install-native} spells it. */
    static String platform(String osName, String osArch) {
        String arch =
                switch (osArch.toLowerCase(Locale.ROOT)) {
                    case "amd64", "x86_64", "x86-64" -> "x64";
                    case "aarch64", "arm64" -> "arm64";
                    default -> osArch;
                };
        String os = osName.toLowerCase(Locale.ROOT);
        return (os.contains("mac") ? "mac" : os) + "-" + arch;
    }

    /** The directory of the jar that this class is in. */
    private static Optional<Path> jarDirectory() {
        CodeSource source = LibraryLocations.class.getProtectionDomain().getCodeSource();
        if (source == null || source.getLocation() == null) {
            return Optional.empty();
        }
        try {
            Path jar = Path.of(source.getLocation().toURI());
            return Files.isRegularFile(jar) ? Optional.ofNullable(jar.getParent()) : Optional.empty();
        } catch (URISyntaxException | IllegalArgumentException e) {
            return Optional.empty(); // Not a file.
        }
    }
}
