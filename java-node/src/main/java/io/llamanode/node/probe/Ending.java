package io.llamanode.node.probe;

import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Set;

/** How a process that probes ended. Never changes: for any thread. */
sealed interface Ending {
    /** The file can be loaded. */
    record Passed() implements Ending {}

    /**
     * The file was refused.
     *
     * @param failure as this process would have refused it
     */
    record Refused(Failure failure) implements Ending {}

    /**
     * The process ended without a word about the file.
     *
     * @param phase when
     * @param status of the process; 128 and a signal's number if that ended it
     * @param words what it wrote last
     */
    record Died(Sign.Phase phase, int status, String words) implements Ending {}

    /**
     * The process did not get on, and was killed.
     *
     * @param phase when
     * @param bound how long it could have shown nothing
     * @param words what it wrote last
     */
    record Hung(Sign.Phase phase, Duration bound, String words) implements Ending {}

    /**
     * There was no process.
     *
     * @param why what the operating system says
     */
    record NotStarted(String why) implements Ending {}

    /** Of a virtual machine without heap that is to end then. */
    int OUT_OF_HEAP = 3;

    int SIGNAL = 128;
    int KILLED = SIGNAL + 9;

    Map<Integer, String> NAMES = Map.of(
            4, "SIGILL", 5, "SIGTRAP", 6, "SIGABRT", 7, "SIGBUS", 8, "SIGFPE", 9, "SIGKILL", 11, "SIGSEGV", 15,
            "SIGTERM");

    /** Those by which a process ends itself; others come from outside. */
    Set<Integer> OWN = Set.of(4, 5, 6, 7, 8, 11);

    /** {@return whether another process would end in the same way, so that this need not be found out again} */
    default boolean isOfTheFile() {
        return switch (this) {
            case Passed _ -> true;
            case Refused(Failure failure) -> failure.code() != ErrorCode.OUT_OF_MEMORY;
            case Died(Sign.Phase phase, int status, String _) ->
                phase != Sign.Phase.STARTING && OWN.contains(status - SIGNAL);
            case Hung _, NotStarted _ -> false;
        };
    }

    /**
     * Says it to whoever asked for the load.
     *
     * @param file that is in doubt
     * @return the failure of the load; that of a file that passed is a defect
     */
    default Failure told(Path file) {
        return switch (this) {
            case Passed _ -> throw new IllegalStateException("it passed");
            case Refused(Failure failure) -> failure;
            case NotStarted(String why) ->
                new Failure(ErrorCode.UNSUPPORTED, "probe: the process that probes cannot be started: " + why);
            case Died(Sign.Phase phase, int status, String words)
            when phase == Sign.Phase.STARTING ->
                new Failure(
                        ErrorCode.UNSUPPORTED,
                        "probe: the process that probes ended before it had the file: " + how(status) + said(words));
            case Died(Sign.Phase phase, int status, String words) ->
                new Failure(
                        status == OUT_OF_HEAP ? ErrorCode.OUT_OF_MEMORY : ErrorCode.MODEL_LOAD_FAILED,
                        "%s: the process that probes it ended %s: %s%s. The node itself did not touch the file"
                                .formatted(file, phase.when(), how(status), said(words)));
            case Hung(Sign.Phase phase, Duration bound, String words) ->
                new Failure(
                        ErrorCode.MODEL_LOAD_FAILED,
                        "%s: the process that probes it made no progress for %d ms (native_timeout) %s, and was killed%s. The node itself did not touch the file"
                                .formatted(file, bound.toMillis(), phase.when(), said(words)));
        };
    }

    /** {@return an exit status in words} */
    static String how(int status) {
        String name = NAMES.get(status - SIGNAL);
        if (status == KILLED) {
            return "SIGKILL, of whoever sent it; the kernel does where memory is short";
        }
        if (name != null) {
            return "signal %d (%s)".formatted(status - SIGNAL, name);
        }
        return status == OUT_OF_HEAP ? "out of Java heap" : "exit status " + status;
    }

    private static String said(String words) {
        return words.isEmpty() ? "" : ", and it said last: " + words;
    }
}
