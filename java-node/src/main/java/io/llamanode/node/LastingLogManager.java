package io.llamanode.node;

import java.util.logging.LogManager;

/**
 * Logs up to the end of the process. The JDK's manager takes all handlers away as soon as the virtual
 * machine begins to shut down, but a node that drains has its most interesting minute ahead of it. Public because the
 * logging system makes it by its name; for the threads of that.
 */
public final class LastingLogManager extends LogManager {
    /** Made by the logging system. */
    public LastingLogManager() {}

    /** Does nothing: this is what the JDK calls when the shutdown begins. */
    @Override
    public void reset() {}

    void resetNow() {
        super.reset();
    }
}
