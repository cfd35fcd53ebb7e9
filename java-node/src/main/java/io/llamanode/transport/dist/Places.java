package io.llamanode.transport.dist;

import java.util.Collection;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Which of the connections whose peers are not known yet gives its place to a newcomer. A node that means to connect sends its
 * name at once, and answers the challenge as soon as it has it; who holds places for nothing does neither.
 */
final class Places {
    /** In this time after it was accepted a connection should have sent its whole name. */
    static final long NAME_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private Places() {}

    /** A connection in its handshake. */
    interface Holder {
        /** {@return whether anything was received from it; may look again each time it is asked} */
        boolean hasSpoken();

        /** {@return whether it has sent its whole name, and so has its challenge} */
        boolean hasNamed();

        /** {@return the time at which it was accepted, nanoseconds} */
        long since();
    }

    /**
     * Chooses who yields: first who has sent nothing, then who has not sent a whole name in its time, then whoever has not
     * answered the challenge. Who is still within the time for its name yields only if such holders are more than those with
     * a challenge, since then they are the attack. The oldest of each kind goes first.
     *
     * @param oldestFirst those that hold places, in the order in which they were accepted
     * @param now the present, nanoseconds
     * @return one of them; {@code null} if there is none
     */
    static <H extends Holder> @Nullable H yields(Collection<H> oldestFirst, long now) {
        H late = null;
        H beginning = null;
        H challenged = null;
        int beginnings = 0;
        int challenges = 0;
        for (H holder : oldestFirst) {
            if (holder.hasNamed()) {
                challenged = challenged == null ? holder : challenged;
                challenges++;
            } else if (!holder.hasSpoken()) {
                return holder;
            } else if (now - holder.since() > NAME_NANOS) {
                late = late == null ? holder : late;
            } else {
                beginning = beginning == null ? holder : beginning;
                beginnings++;
            }
        }
        if (late != null) {
            return late;
        }
        return beginnings > challenges ? beginning : challenged;
    }
}
