package io.llamanode.grammar.validity;

import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * A place in a value. Its pointer is written out only where something is wrong.
 *
 * @param parent in which it is; {@code null} for the whole
 * @param part of the pointer, as it is
 */
record Place(@Nullable Place parent, String part) {
    static final Place ROOT = new Place(null, "");

    Place at(String name) {
        return new Place(this, name);
    }

    Place at(int index) {
        return new Place(this, Integer.toString(index));
    }

    String pointer() {
        Deque<String> parts = new ArrayDeque<>();
        for (Place place = this; place != null && place.parent != null; place = place.parent) {
            parts.push(place.part.replace("~", "~0").replace("/", "~1"));
        }
        StringBuilder pointer = new StringBuilder();
        parts.forEach(each -> pointer.append('/').append(each));
        return pointer.toString();
    }

    Verdict.Fault fault(String keyword, String message) {
        return new Verdict.Fault(this, keyword, message);
    }
}
