package io.llamanode.remote.own;

import java.util.ArrayList;
import java.util.List;

/**
 * The shell that stands between this process and a server. Its standard input is a pipe whose other end this process
 * holds: the kernel closes that end however this process ends, kill -9 included, and the shell then ends the server. Nobody
 * looks again and again. (PR_SET_PDEATHSIG would not do: it tells the end of the thread that forked, and threads of a
 * virtual machine end before it does.)
 *
 * <p>Server and shell have sessions of their own, where there is setsid, so that neither an interrupt at the terminal nor a
 * signal to this process's group reaches them, and so that a signal to the server's group reaches all that it started.
 */
final class Watch {
    private static final String SHELL = "/bin/sh";

    /**
     * Two lines go to standard output: the process id of the server, and its exit status when it has ended. What the server
     * writes goes to standard error.
     *
     * <p>The shell itself ends with the server only: whoever wants to end the server closes the pipe. The signals are given
     * back to the server, which would ignore them otherwise.
     */
    private static final String SCRIPT = """
            trap '' HUP INT TERM
            grace=$1
            session=$2
            shift 2
            exec 3<&0 4>&2 < /dev/null 2> /dev/null
            (exec >&4 2>&4 3<&- 4>&-; trap - HUP INT TERM; exec $session "$@") &
            server=$!
            echo "$server"
            (exec 4>&-
             while read -r line; do :; done
             kill -TERM "-$server" || kill -TERM "$server"
             sleep "$grace"
             kill -KILL "-$server" || kill -KILL "$server") <&3 3<&- > /dev/null &
            guard=$!
            exec 3<&- 4>&-
            wait "$server"
            status=$?
            kill -KILL "$guard"
            kill -KILL "-$server"
            echo "$status"
            """;

    private Watch() {}

    /**
     * {@return the words that start a server under watch}
     *
     * @param command the program and its arguments
     * @param graceSeconds between the wish that it ends and its end
     * @param setsid the program that gives a process a session of its own; empty where there is none
     */
    static List<String> over(List<String> command, int graceSeconds, String setsid) {
        List<String> words = new ArrayList<>();
        if (!setsid.isEmpty()) {
            words.add(setsid);
        }
        // The word behind the script is the name that ps shows.
        words.addAll(List.of(SHELL, "-c", SCRIPT, "llama-node-watch", Integer.toString(graceSeconds), setsid));
        words.addAll(command);
        return words;
    }
}
