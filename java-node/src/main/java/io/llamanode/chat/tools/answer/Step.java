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
        /** All of it was read; what follows is the next step's. */
        DONE,

        /** What has arrived belongs to it, and more must come. */
        MORE,

        /** What has arrived cannot be it: the call is malformed. */
        BAD
    }

    /**
     * Reads as far as it can. What is read is gone from the input, even if it turns out to be bad.
     *
     * @param in the answer, from where this step or the last one stopped
     * @param call told of what is read
     * @return how far it has come; not to be called again unless {@link Status#MORE}
     */
    Status advance(Input in, Call call);

    /** {@return a step for white space, if there is any} */
    static Step space() {
        return (in, call) -> {
            in.skipSpace();
            return in.isEmpty() && !in.ended() ? Status.MORE : Status.DONE;
        };
    }

    /**
     * {@return a step for exactly this text}
     *
     * @param text what must come
     */
    static Step literal(String text) {
        return (in, call) -> status(in.literal(text));
    }

    /**
     * {@return a step for white space, then this text, which the end of the answer may cut off}
     *
     * @param text what must come
     */
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

    /**
     * {@return a step for all text up to a text, which is read as well; too long a one is no header any more}
     *
     * @param end the text that ends it
     * @param longest characters that may come before
     * @param take told of what came before; whether it will do
     */
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

    /**
     * {@return one step for several, one after the other}
     *
     * @param steps one or more, each in use nowhere else
     */
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
