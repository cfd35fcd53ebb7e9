package io.llamanode.protocol;

import io.llamanode.service.contract.FailureException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How the events of a stream are handed over; docs/protocol.md, section 4.
 *
 * @param active what its process asks for at first, or {@code null} for every event
 * @param coalesceMs least time between two chunks, milliseconds, or {@code null} for none
 */
public record Delivery(@Nullable Demand active, @Nullable Long coalesceMs) {
    private static final int MAX_COALESCE_MS = 60_000;

    /** Reads what the input of a stream says, of which {@code stream} can only be true. */
    static Delivery ofStream(Fields in) {
        if (!in.flag("stream", true)) {
            throw FailureException.invalid(
                    "stream: is false, and this call sends events; leave it out, or use create_task"
                            + " and get_result");
        }
        return decode(in);
    }

    /** Reads what the input of a task says. {@return how its events are sent, or {@code null} if none are wanted} */
    static @Nullable Delivery ofTask(Fields in) {
        boolean events = in.flag("stream", false);
        Delivery delivery = decode(in);
        if (events) {
            return delivery;
        }
        for (String key : List.of("coalesce_ms", "active")) {
            if (in.get(key) != null) {
                throw FailureException.invalid(key + ": needs stream to be true");
            }
        }
        return null;
    }

    /** Reads what the input of a call says that answers with the result, of which {@code stream} can only be false. */
    static void ofWhole(Fields in) {
        if (in.flag("stream", false)) {
            throw FailureException.invalid(
                    "stream: is true, and this call answers with the whole result; leave it out, or"
                            + " use stream or create_task, which send events");
        }
    }

    private static Delivery decode(Fields in) {
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
