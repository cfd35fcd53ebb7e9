package io.llamanode.llama.library;

import java.lang.module.ModuleDescriptor.Version;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** Where libraries of llama.cpp are looked for. */
final class LibraryLocations {

    /** In place of a path: the newest one that is found, whatever else is set. */
    static final String AUTO = "auto";

    /** The argument, as those who start a node know it. */
    static final String ARGUMENT = "llama_lib";

    /** In place of a path: the library in the class path. */
    static final String EMBEDDED = "embedded";

    /** In place of a path: the library of the operating system. */
    static final String SYSTEM = "system";

    /** A directory or file to use, or one of the words above. */
    static final String PROPERTY = "llamanode.llama.lib";

    /** Likewise, as an environment variable. */
    static final String VARIABLE = "LLAMA_NODE_LIB";

    /**
     * The directory of the installation, which has the libraries of {@code priv/bin/install-native} in {@code native}: a system
     * property that the launcher sets. Not where this class was loaded from: with a start-up cache, that is the place where the
     * cache was made, whatever has been moved or copied since.
     */
    static final String HOME = "llamanode.home";

    /** What the system's loader may know; the second name is that of packages without development files. */
    private static final Place OF_SYSTEM = new Place.OfSystem(List.of("libllama.so", "libllama.so.0"));

    private LibraryLocations() {}

    /** One step of the search. */
    sealed interface Location {
        /** A place that was asked for: this one or none. */
        record Named(String by, Place place) implements Location {}

        /** Several places, of which the one with the newest release comes first. */
        record Newest(List<Place> of) implements Location {}
    }

    /** Where a library is. */
    sealed interface Place extends Location {
        /** A directory or file. */
        record At(Path path) implements Place {
            @Override
            public String toString() {
                return path.toString();
            }
        }

        /** The library of the operating system, which its loader finds by one of these names. */
        record OfSystem(List<String> names) implements Place {
            @Override
            public String toString() {
                return "the operating system's " + names.getLast();
            }
        }

        /** The library in the class path. */
        record Embedded() implements Place {
            @Override
            public String toString() {
                return "the jar";
            }
        }
    }

    /** A place as users write it. */
    static Place of(Path path) {
        return switch (path.toString()) {
            case EMBEDDED -> new Place.Embedded();
            case SYSTEM -> OF_SYSTEM;
            default -> new Place.At(path);
        };
    }

    /** Who asks for which library: the first one of those who may. */
    static Optional<Location.Named> named(
            Optional<Path> argument, Optional<String> property, Optional<String> variable) {
        return argument.map(path -> new Location.Named(ARGUMENT, of(path)))
                .or(() -> property.map(path -> new Location.Named(PROPERTY, of(Path.of(path)))))
                .or(() -> variable.map(path -> new Location.Named(VARIABLE, of(Path.of(path)))))
                .filter(named -> !named.place().equals(new Place.At(Path.of(AUTO))));
    }

    /** As above, with the settings of this process. */
    static Optional<Location.Named> named(Optional<Path> argument) {
        return named(argument, setting(System.getProperty(PROPERTY)), setting(System.getenv(VARIABLE)));
    }

    /**
     * What is there unless something was asked for: the embedded library, the oldest, last.
     *
     * @param home directory of the installation, if there is one
     */
    static List<Location> unnamed(Optional<Path> home) {
        return List.of(
                installed(home)
                        .<Location>map(place -> new Location.Newest(List.of(place, OF_SYSTEM)))
                        .orElse(OF_SYSTEM),
                new Place.Embedded());
    }

    /** The same as single places, in the order of the search where all have one release. */
    static List<Place> places(Optional<Path> home) {
        List<Place> places = new ArrayList<>();
        installed(home).ifPresent(places::add);
        places.add(OF_SYSTEM);
        places.add(new Place.Embedded());
        return places;
    }

    private static Optional<Place> installed(Optional<Path> home) {
        return home.map(directory -> directory
                        .resolve("native")
                        .resolve(platform(System.getProperty("os.name"), System.getProperty("os.arch"))))
                .filter(Files::isDirectory)
                .map(Place.At::new);
    }

    /** Sorts places by their releases, the newest first; those without one come last. */
    static List<Place> newestFirst(List<Place> places, Function<Place, Optional<Version>> release) {
        Map<Place, Version> releases = new HashMap<>();
        places.forEach(place -> release.apply(place).ifPresent(version -> releases.put(place, version)));
        return places.stream()
                .sorted(Comparator.comparing(releases::get, Comparator.nullsLast(Comparator.<Version>reverseOrder())))
                .toList();
    }

    static List<Location> all(Optional<Path> argument) {
        return named(argument).<List<Location>>map(List::of).orElseGet(() -> unnamed(home()));
    }

    /** {@return the directory of the installation, where the launcher tells it} */
    static Optional<Path> home() {
        return setting(System.getProperty(HOME)).map(Path::of);
    }

    private static Optional<String> setting(String value) {
        return Optional.ofNullable(value).filter(text -> !text.isBlank());
    }

    /** The name of a platform as {@code priv/bin/install-native} spells it. */
    static String platform(String osName, String osArch) {
        String arch = switch (osArch.toLowerCase(Locale.ROOT)) {
            case "amd64", "x86_64", "x86-64" -> "x64";
            case "aarch64", "arm64" -> "arm64";
            default -> osArch;
        };
        String os = osName.toLowerCase(Locale.ROOT);
        return (os.contains("mac") ? "mac" : os) + "-" + arch;
    }
}
