package io.llamanode.protocol;

import org.jspecify.annotations.Nullable;

/**
 * How the events of a stream are handed over; docs/protocol.md, section 4.
 *
 * @param active what its process asks for at first, or {@code null} for every event
 * @param coalesceMs least time between two chunks, milliseconds, or {@code null} for none
 */
public record Delivery(@Nullable Demand active, @Nullable Long coalesceMs) {
    private static final int MAX_COALESCE_MS = 60_000;

    static Delivery decode(Fields in) {
        InputValue active = in.get("active");
        Integer coalesce = in.integer("coalesce_ms", 0, MAX_COALESCE_MS);
        return new Delivery(active == null ? null : demand(active), coalesce == null ? null : (Long) (long) coalesce);
    }

    static Demand demand(InputValue value) {
        if (value.isBoolean()) {
            return value.flag() ? new Demand.All() : new Demand.None();
        }
        if (value.isText() && value.text().equals("once")) {
            return new Demand.Once();
        }
        if (value.isNumber()) {
            return new Demand.More((int) value.integer(1, Integer.MAX_VALUE));
        }
        throw value.mustBe("true, false, once or an integer from 1 to " + Integer.MAX_VALUE);
    }
}
