package io.llamanode.engine.grammar;

import io.llamanode.engine.sampling.Grammar;
import io.llamanode.engine.sampling.Quiet;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Looks for the first trigger of an answer, outside of what is quiet. Texts are bytes, as Latin-1.
 *
 * <p>For one thread at a time.
 */
final class TriggerWatch {
    private enum Place {
        /** Nothing has come, or white space, or the beginning of what is quiet. */
        START,
        QUIET,
        LOUD
    }

    private final List<String> triggers;
    private final @Nullable Quiet quiet;
    private final int longest;
    private Place place;
    /** The answer's end, as far as it may become something. */
    private String tail = "";

    // Where a piece leads to; taken over if it is accepted.
    private Place nextPlace = Place.LOUD;
    private String nextTail = "";

    TriggerWatch(Grammar grammar) {
        this.triggers = grammar.triggers().stream().map(TriggerWatch::bytes).toList();
        Quiet given = grammar.quiet();
        this.quiet = given == null
                ? null
                : new Quiet(bytes(given.open()), bytes(given.close()), given.inside(), given.anywhere());
        int length = triggers.stream().mapToInt(String::length).max().orElse(0);
        this.longest = quiet == null
                ? length
                : Math.max(length, Math.max(quiet.open().length(), quiet.close().length()));
        this.place = quiet == null ? Place.LOUD : quiet.inside() ? Place.QUIET : Place.START;
    }

    private static String bytes(String text) {
        return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    }

    /** {@return what a piece has behind the trigger that it completes, or {@code null} if it completes none} */
    @Nullable
    String behind(String piece) {
        String all = tail + piece;
        Place at = place;
        while (true) {
            if (at == Place.START && quiet != null) {
                String begun = all.stripLeading();
                if (begun.startsWith(quiet.open())) {
                    all = begun.substring(quiet.open().length());
                    at = Place.QUIET;
                } else if (quiet.open().startsWith(begun)) {
                    return none(at, begun);
                } else {
                    at = Place.LOUD;
                }
            } else if (at == Place.QUIET && quiet != null) {
                int close = all.indexOf(quiet.close());
                if (close < 0) {
                    return none(at, end(all, longest));
                }
                all = all.substring(close + quiet.close().length());
                at = Place.LOUD;
            } else {
                String trigger = first(all);
                int found = trigger == null ? -1 : all.indexOf(trigger);
                int open = quiet != null && quiet.anywhere() ? all.indexOf(quiet.open()) : -1;
                if (quiet == null || open < 0 || found >= 0 && found < open) {
                    return trigger == null ? none(at, end(all, longest)) : all.substring(found + trigger.length());
                }
                all = all.substring(open + quiet.open().length());
                at = Place.QUIET;
            }
        }
    }

    /** Takes the piece that was asked for last, which completes no trigger. */
    void pass() {
        place = nextPlace;
        tail = nextTail;
    }

    private @Nullable String none(Place at, String rest) {
        nextPlace = at;
        nextTail = rest;
        return null;
    }

    private @Nullable String first(String all) {
        String first = null;
        int start = Integer.MAX_VALUE;
        for (String trigger : triggers) {
            int at = all.indexOf(trigger);
            if (at >= 0 && at < start) {
                start = at;
                first = trigger;
            }
        }
        return first;
    }

    private static String end(String all, int length) {
        return all.substring(Math.max(0, all.length() - length + 1));
    }
}
