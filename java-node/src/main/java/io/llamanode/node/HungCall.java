package io.llamanode.node;

import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The end of a process whose native code hangs. It is not an orderly one: what waits for the call would wait there as
 * well, and callers learn soonest from the end of the process that nothing comes any more. For the thread of a watch.
 */
final class HungCall {
    private static final Logger LOG = LoggerFactory.getLogger(HungCall.class);

    private HungCall() {}

    /**
     * Says why, and ends the process.
     *
     * @param call that hangs
     * @param withoutProgress how long it could have gone on
     * @param flush hands the last line of the log over; may take as long as {@link Exit#GRACE}
     */
    static void end(String call, Duration withoutProgress, Runnable flush) {
        LOG.error(
                "{} has made no progress for {} ms (native_timeout): the node ends, for whoever started it to start it anew",
                call,
                withoutProgress.toMillis());
        Exit.begin(ExitStatus.HUNG.number(), flush);
    }
}
