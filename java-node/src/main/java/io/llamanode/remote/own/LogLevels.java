package io.llamanode.remote.own;

import java.util.regex.Pattern;

/** Which lines of a server's log are worth a warning. */
final class LogLevels {
    /** A word for it anywhere, or the letter that llama-server puts in front with {@code --log-prefix}. */
    private static final Pattern TROUBLE = Pattern.compile(
            "(?-i:[0-9. ]*[EW] .*)|.*\\b(error|errors|failed|failure|fatal|abort(ed)?|exception)\\b.*",
            Pattern.CASE_INSENSITIVE);

    private LogLevels() {}

    /** {@return whether a line tells of something that went wrong} */
    static boolean isTrouble(String line) {
        return TROUBLE.matcher(line).matches();
    }
}
