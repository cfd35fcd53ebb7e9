package io.llamanode.llama.library;

import io.llamanode.llama.LibraryException;
import io.llamanode.llama.functions.NativeFunctions;
import io.llamanode.llama.library.LibraryLocations.Location;
import io.llamanode.llama.library.LibraryLocations.Place;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.lang.module.ModuleDescriptor.Version;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Goes through {@linkplain LibraryLocations locations} until one has a library of a known release. */
final class LibrarySearch {

    private static final Logger LOG = LoggerFactory.getLogger(LibrarySearch.class);

    private final List<String> refusals = new ArrayList<>();

    private LibrarySearch() {}

    static LlamaLibrary firstUsable(List<Location> locations) {
        LibrarySearch search = new LibrarySearch();
        return search.first(locations)
                .orElseThrow(() ->
                        new LibraryException("There is no usable llama.cpp: " + String.join("; ", search.refusals)));
    }

    private Optional<LlamaLibrary> first(List<? extends Location> locations) {
        for (Location location : locations) {
            Optional<LlamaLibrary> library = switch (location) {
                case Location.Named(String by, Place place) -> usable(place, by);
                // To ask is to load, which a start need not do twice where there is no choice.
                case Location.Newest(List<Place> of)
                when of.stream().filter(LibrarySearch::isThere).count() > 1 ->
                    first(LibraryLocations.newestFirst(of, LibrarySearch::release));
                case Location.Newest(List<Place> of) -> first(of);
                case Place place -> usable(place, null);
            };
            if (library.isPresent()) {
                return library;
            }
        }
        return Optional.empty();
    }

    /** The library at a place, or a line in the log that says why not. */
    private Optional<LlamaLibrary> usable(Place place, @Nullable String by) {
        try {
            return Optional.of(
                    switch (place) {
                        case Place.At at -> LlamaLibrary.at(at.path());
                        case Place.OfSystem system -> LlamaLibrary.ofSystem(system.names());
                        case Place.Embedded embedded -> LlamaLibrary.embedded();
                    });
        } catch (LibraryException e) {
            refusals.add(e.getMessage());
            if (by != null) {
                LOG.warn("The llama.cpp of {} ({}) is not used: {}", by, place, e.getMessage());
            } else if (isThere(place)) {
                LOG.warn("The llama.cpp of {} is not used: {}", place, e.getMessage());
            } else {
                LOG.debug("{}", e.getMessage());
            }
            return Optional.empty();
        }
    }

    /** Whether a place has something, be it usable or not. */
    static boolean isThere(Place place) {
        return switch (place) {
            case Place.At at -> Files.exists(at.path());
            case Place.Embedded embedded -> true;
            case Place.OfSystem system -> {
                try {
                    find(system);
                    yield true;
                } catch (LibraryException e) {
                    yield false;
                }
            }
        };
    }

    /** What is at a place, for a sentence; nothing stays loaded. */
    static String find(Place place) {
        return switch (place) {
            case Place.At at -> LibraryFile.find(at.path()).toString();
            case Place.OfSystem system -> {
                try (Arena arena = Arena.ofConfined()) {
                    LibraryFile.ofSystem(system.names(), arena);
                    yield system.toString();
                }
            }
            case Place.Embedded embedded -> embedded.toString();
        };
    }

    /** The semantic version of what is at a place, which stays loaded only as long as it is asked. */
    private static Optional<Version> release(Place place) {
        try (Arena arena = Arena.ofConfined()) {
            SymbolLookup symbols = switch (place) {
                case Place.At at -> LibraryFile.installed(at.path(), arena);
                case Place.OfSystem system -> LibraryFile.ofSystem(system.names(), arena);
                case Place.Embedded embedded -> LibraryFile.embedded();
            };
            String version = LlamaLibrary.version(new NativeFunctions(symbols, place.toString()), place.toString());
            return version.startsWith("v") ? Optional.of(Version.parse(version.substring(1))) : Optional.empty();
        } catch (LibraryException | IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}
