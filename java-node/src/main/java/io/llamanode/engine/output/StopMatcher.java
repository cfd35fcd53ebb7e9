package io.llamanode.engine.output;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds stop strings in a text that arrives in pieces, and holds back what may still become one. For one thread.
 */
public final class StopMatcher {
    private final List<String> stops;
    private final StringBuilder held = new StringBuilder();
    private @Nullable String matched;

    /**
     * Watches one answer.
     *
     * @param stops texts to look for; none is empty
     */
    public StopMatcher(List<String> stops) {
        this.stops = stops;
    }

    /**
     * Takes more of the answer; what may be the beginning of a stop string is held back.
     *
     * @param text more of the text
     * @return what can be shown of it and of what was held back; ends before a stop string
     */
    public String push(String text) {
        if (stops.isEmpty()) {
            return text;
        }
        held.append(text);
        int end = earliestMatch();
        if (matched == null) {
            end = held.length() - longestPartialMatch();
        }
        String shown = held.substring(0, end);
        held.delete(0, end);
        return shown;
    }

    /** {@return the stop string that was met, or {@code null}} */
    public @Nullable String matched() {
        return matched;
    }

    /** {@return what was held back, now that nothing more comes} */
    public String flush() {
        String rest = matched == null ? held.toString() : "";
        held.setLength(0);
        return rest;
    }

    private int earliestMatch() {
        int earliest = held.length();
        for (String stop : stops) {
            int at = held.indexOf(stop);
            if (at >= 0 && at < earliest) {
                earliest = at;
                matched = stop;
            }
        }
        return earliest;
    }

    private int longestPartialMatch() {
        int longest = 0;
        for (String stop : stops) {
            for (int length = Math.min(stop.length() - 1, held.length()); length > longest; length--) {
                if (endsWithPrefix(stop, length)) {
                    longest = length;
                }
            }
        }
        return longest;
    }

    private boolean endsWithPrefix(String stop, int length) {
        int start = held.length() - length;
        for (int i = 0; i < length; i++) {
            if (held.charAt(start + i) != stop.charAt(i)) {
                return false;
            }
        }
        return true;
    }
}
