package io.llamanode.chat.tools;

import java.util.Map;

/** The call of a Python function with keyword arguments that are literals. It is read when it is whole. */
final class PythonStep implements Step {
    private static final int LONGEST_NAME = 256;

    /** What has been looked at already, counted from the opening parenthesis. */
    private int scanned;
    private int depth;
    private char quote;
    private boolean escaped;
    private boolean named;

    @Override
    public Status advance(Input in, Call call) {
        if (!named) {
            in.skipSpace();
            int open = in.find("(");
            if (open < 0) {
                return in.ended() || in.length() > LONGEST_NAME ? Status.BAD : Status.MORE;
            }
            if (!call.name(in.take(open).strip())) {
                return Status.BAD;
            }
            named = true;
            call.tell();
        }
        int end = end(in);
        if (end < 0) {
            return in.ended() ? Status.BAD : Status.MORE;
        }
        Map<String, Object> arguments = PythonLiterals.arguments(in.take(end));
        if (arguments == null) {
            return Status.BAD;
        }
        call.arguments(JsonText.write(arguments));
        call.tell();
        return Status.DONE;
    }

    /** {@return distance of what follows the closing parenthesis, or -1} */
    private int end(Input in) {
        for (; scanned < in.length(); scanned++) {
            char c = in.peek(scanned);
            if (escaped) {
                escaped = false;
            } else if (quote != 0) {
                escaped = c == '\\';
                quote = c == quote ? 0 : quote;
            } else if (c == '"' || c == '\'') {
                quote = c;
            } else if (c == '(' || c == '[' || c == '{') {
                depth++;
            } else if ((c == ')' || c == ']' || c == '}') && --depth == 0) {
                return scanned + 1;
            }
        }
        return -1;
    }
}
