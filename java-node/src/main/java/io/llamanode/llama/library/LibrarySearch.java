package io.llamanode.llama.library;

import io.llamanode.llama.LibraryException;
import io.llamanode.llama.functions.NativeFunctions;
import io.llamanode.llama.library.LibraryLocations.Location;
import io.llamanode.llama.library.LibraryLocations.Place;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.lang.module.ModuleDescriptor.Version;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Goes through {@linkplain LibraryLocations locations} until one has a library of a known release. */
final class LibrarySearch {

    private static final Logger LOG = LoggerFactory.getLogger(LibrarySearch.class);

    /** Why one is chosen that nobody asked for. */
    static final String NEWEST = "the newest that was found";

    /** Where a newer one is of no use; the reasons follow. */
    static final String NEWEST_USABLE = "the newest that can be used; passed over: ";

    /** All reasons, and those of libraries that are there. */
    private final List<String> refusals = new ArrayList<>();

    private final List<String> present = new ArrayList<>();

    private LibrarySearch() {}

    /**
     * What was chosen.
     *
     * @param library the one
     * @param why this one, for a sentence
     */
    record Choice(LlamaLibrary library, String why) {}

    /**
     * Chooses the first one that can be used; what was asked for by name and cannot be had ends the search.
     *
     * @throws LibraryException if there is none, of the kind {@code ASKED_FOR} if one was asked for
     */
    static Choice choose(List<Location> locations) {
        LibrarySearch search = new LibrarySearch();
        LlamaLibrary library = search.first(locations)
                .orElseThrow(() -> new LibraryException(
                        "There is no usable llama.cpp: " + String.join("; ", search.said(search.refusals))));
        if (locations.getFirst() instanceof Location.Named named) {
            return new Choice(library, "asked for by " + named.by());
        }
        List<String> passedOver = search.said(search.present);
        if (passedOver.isEmpty()) {
            return new Choice(library, NEWEST);
        }
        String reasons = String.join("; ", passedOver);
        LOG.warn("llama.cpp {} is used, since what comes before it cannot be: {}", library.place(), reasons);
        return new Choice(library, NEWEST_USABLE + reasons);
    }

    private List<String> said(List<String> refusals) {
        return refusals.stream().distinct().toList();
    }

    private Optional<LlamaLibrary> first(List<? extends Location> locations) {
        for (Location location : locations) {
            Optional<LlamaLibrary> library = switch (location) {
                case Location.Named(String by, Place place) -> Optional.of(askedFor(place, by));
                // To ask is to load, which a start need not do twice where there is no choice.
                case Location.Newest(List<Place> of)
                when of.stream().filter(LibrarySearch::isThere).count() > 1 ->
                    first(LibraryLocations.newestFirst(of, LibrarySearch::release));
                case Location.Newest(List<Place> of) -> first(of);
                case Place place -> usable(place);
            };
            if (library.isPresent()) {
                return library;
            }
        }
        return Optional.empty();
    }

    private static LlamaLibrary askedFor(Place place, String by) {
        try {
            return open(place);
        } catch (LibraryException e) {
            throw askedFor(place, by, e.getMessage());
        }
    }

    /** Says that what was asked for cannot be had, by whose name, where and why. */
    static LibraryException askedFor(Place place, String by, String why) {
        String where = place instanceof Place.At(Path path) && !why.contains(path.toString()) ? path + ": " : "";
        return new LibraryException(LibraryException.Kind.ASKED_FOR, by + ": " + where + why, null);
    }

    /** The library at a place, if it can be used. */
    private Optional<LlamaLibrary> usable(Place place) {
        try {
            return Optional.of(open(place));
        } catch (LibraryException e) {
            refusals.add(e.getMessage());
            if (e.kind() == LibraryException.Kind.ABSENT && !(place instanceof Place.At)) {
                LOG.debug("{}", e.getMessage());
            } else {
                present.add(e.getMessage());
            }
            return Optional.empty();
        }
    }

    /** Loads what is at a place, for good. */
    static LlamaLibrary open(Place place) {
        return switch (place) {
            case Place.At at -> LlamaLibrary.at(at.path());
            case Place.OfSystem system -> LlamaLibrary.ofSystem(system.names());
            case Place.Embedded embedded -> LlamaLibrary.embedded();
        };
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
                    yield e.kind() != LibraryException.Kind.ABSENT;
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
