package io.llamanode.chat.tools.answer;

import java.util.Iterator;
import java.util.List;
import java.util.function.BiPredicate;

/**
 * A part of a call's text, read as far as it has arrived. A step keeps where it stands, and serves once.
 */
public interface Step {
    /** How far a step has come. */
    enum Status {
        DONE,
        MORE,
        BAD
    }

    Status advance(Input in, Call call);

    /** White space, if there is any. */
    static Step space() {
        return (in, call) -> {
            in.skipSpace();
            return in.isEmpty() && !in.ended() ? Status.MORE : Status.DONE;
        };
    }

    /** Exactly this text. */
    static Step literal(String text) {
        return (in, call) -> status(in.literal(text));
    }

    /** White space, then this text, which the end of the answer may cut off. */
    static Step closing(String text) {
        return sequence(space(), (in, call) -> status(in.closing(text)));
    }

    private static Status status(Input.Match match) {
        return switch (match) {
            case YES -> Status.DONE;
            case NO -> Status.BAD;
            case MORE -> Status.MORE;
        };
    }

    /** All text up to a text, which is read as well; too long a one is no header any more. */
    static Step until(String end, int longest, BiPredicate<Call, String> take) {
        return (in, call) -> {
            int found = in.find(end);
            if (found < 0) {
                return in.ended() || in.length() > longest ? Status.BAD : Status.MORE;
            }
            String text = in.take(found);
            in.take(end.length());
            return take.test(call, text) ? Status.DONE : Status.BAD;
        };
    }

    /** One after the other. */
    static Step sequence(Step... steps) {
        Iterator<Step> rest = List.of(steps).iterator();
        return new Step() {
            private Step current = rest.next();

            @Override
            public Status advance(Input in, Call call) {
                while (true) {
                    Status status = current.advance(in, call);
                    if (status != Status.DONE || !rest.hasNext()) {
                        return status;
                    }
                    current = rest.next();
                }
            }
        };
    }
}
