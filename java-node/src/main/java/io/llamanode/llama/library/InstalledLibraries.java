package io.llamanode.llama.library;

import io.llamanode.llama.LibraryException;
import io.llamanode.llama.library.LibraryLocations.Location;
import io.llamanode.llama.library.LibraryLocations.Place;
import java.lang.module.ModuleDescriptor.Version;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The libraries that are installed, and which of them a start would take. Nothing here loads one, for that may end the
 * process: whoever asks has a process of its own {@linkplain #load load} each.
 */
public final class InstalledLibraries {
    private final List<Entry> entries;
    private final @Nullable Entry named;
    private final @Nullable String by;

    private InstalledLibraries(List<Entry> entries, @Nullable Entry named, @Nullable String by) {
        this.entries = entries;
        this.named = named;
        this.by = by;
    }

    /** Whose library it is. */
    public enum Kind {
        /** Somebody's, who names it. */
        NAMED,
        /** What {@code make native} installed beside the jar. */
        NATIVE,
        /** The operating system's. */
        SYSTEM,
        /** That of the jar. */
        EMBEDDED
    }

    /**
     * A place where a library may be.
     *
     * @param kind whose it is
     * @param name what asks for it: a path, {@code system} or {@code embedded}
     */
    public record Entry(Kind kind, String name) {
        private Place place() {
            return LibraryLocations.of(Path.of(name));
        }
    }

    /** What came of a try to load a library. */
    public sealed interface Outcome {
        /**
         * It can be used.
         *
         * @param version of llama.cpp
         * @param path its file; {@code null}: it is in the jar
         * @param build what computes, as the library reports it
         */
        record Usable(String version, @Nullable String path, String build) implements Outcome {}

        /**
         * It cannot.
         *
         * @param reason a sentence
         */
        record Refused(String reason) implements Outcome {}

        /**
         * There is nothing.
         *
         * @param reason a sentence
         */
        record Absent(String reason) implements Outcome {}
    }

    /**
     * What a start would take.
     *
     * @param entry the library, or {@code null} if it would fail
     * @param why this one, or none, for a sentence
     */
    public record Choice(@Nullable Entry entry, String why) {}

    /**
     * Lists the places.
     *
     * @param argument what is asked for, as for {@link LlamaLibrary#open(Optional)}
     * @return those that are looked at, what was asked for first
     */
    public static InstalledLibraries of(Optional<Path> argument) {
        return of(LibraryLocations.named(argument).orElse(null), LibraryLocations.home());
    }

    static InstalledLibraries of(Location.@Nullable Named asked, Optional<Path> home) {
        List<Entry> entries = new ArrayList<>();
        for (Place place : LibraryLocations.places(home)) {
            entries.add(
                    switch (place) {
                        case Place.At(Path path) -> new Entry(Kind.NATIVE, path.toString());
                        case Place.OfSystem _ -> new Entry(Kind.SYSTEM, LibraryLocations.SYSTEM);
                        case Place.Embedded _ -> new Entry(Kind.EMBEDDED, LibraryLocations.EMBEDDED);
                    });
        }
        if (asked == null) {
            return new InstalledLibraries(entries, null, null);
        }
        Entry named = entries.stream()
                .filter(entry -> entry.place().equals(asked.place()))
                .findFirst()
                .orElseGet(() -> {
                    Entry own = new Entry(Kind.NAMED, asked.place().toString());
                    entries.addFirst(own);
                    return own;
                });
        return new InstalledLibraries(entries, named, asked.by());
    }

    /** {@return the places} */
    public List<Entry> entries() {
        return List.copyOf(entries);
    }

    /** {@return the one that was asked for by name, if one was} */
    public Optional<Entry> named() {
        return Optional.ofNullable(named);
    }

    /**
     * Tells which one a start would take.
     *
     * @param outcomes what came of loading them; one that was asked for alone decides
     * @return the choice
     */
    public Choice choose(Map<Entry, Outcome> outcomes) {
        if (named != null && by != null) {
            String reason = reason(outcomes.get(named));
            return reason == null
                    ? new Choice(named, "asked for by " + by)
                    : new Choice(
                            null,
                            LibrarySearch.askedFor(named.place(), by, reason).getMessage());
        }
        Map<Place, Outcome> byPlace = outcomes.entrySet().stream()
                .collect(Collectors.toMap(outcome -> outcome.getKey().place(), Map.Entry::getValue));
        // Those without a release come last, in their order, and the embedded one is the last of them.
        List<Place> newestFirst = LibraryLocations.newestFirst(
                entries.stream().map(Entry::place).toList(), place -> release(byPlace.get(place)));
        String passedOver = outcomes.entrySet().stream()
                .filter(outcome -> outcome.getValue() instanceof Outcome.Refused)
                .map(outcome -> ((Outcome.Refused) outcome.getValue()).reason())
                .collect(Collectors.joining("; "));
        for (Place place : newestFirst) {
            Entry entry = entries.stream()
                    .filter(candidate -> candidate.place().equals(place))
                    .findFirst()
                    .orElseThrow();
            if (outcomes.get(entry) instanceof Outcome.Usable) {
                return new Choice(
                        entry, passedOver.isEmpty() ? LibrarySearch.NEWEST : LibrarySearch.NEWEST_USABLE + passedOver);
            }
        }
        return new Choice(null, "there is no usable llama.cpp: " + passedOver);
    }

    private static @Nullable String reason(@Nullable Outcome outcome) {
        return switch (outcome) {
            case Outcome.Refused(String reason) -> reason;
            case Outcome.Absent(String reason) -> reason;
            case Outcome.Usable _ -> null;
            case null -> "nobody has tried it";
        };
    }

    /** The embedded one has none, and comes last. */
    private static Optional<Version> release(@Nullable Outcome outcome) {
        try {
            return outcome instanceof Outcome.Usable usable && usable.version().startsWith("v")
                    ? Optional.of(Version.parse(usable.version().substring(1)))
                    : Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /**
     * Loads a library into this process, which it may end.
     *
     * @param name as in an entry
     * @return what came of it
     */
    public static Outcome load(String name) {
        try {
            LlamaLibrary library = LibrarySearch.open(LibraryLocations.of(Path.of(name)));
            return new Outcome.Usable(
                    library.version(), library.path().map(Path::toString).orElse(null), library.systemInfo());
        } catch (LibraryException e) {
            return e.kind() == LibraryException.Kind.ABSENT
                    ? new Outcome.Absent(e.getMessage())
                    : new Outcome.Refused(e.getMessage());
        }
    }
}
