package io.llamanode.chat.tools.step;

import io.llamanode.chat.tools.answer.Call;
import io.llamanode.chat.tools.answer.Input;
import io.llamanode.chat.tools.text.PythonLiterals;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The call of a Python function with keyword arguments that are literals. */
public final class PythonStep extends WholeCallStep {
    private static final String METHOD = ".call";

    /** What has been looked at already, counted from the opening parenthesis. */
    private int scanned;

    private int depth;
    private char quote;
    private boolean escaped;

    /** Starts to read a call. */
    public PythonStep() {
        super("(");
    }

    @Override
    String name(String header) {
        return header;
    }

    /** Tools that a model was trained with are called by a method. */
    @Override
    boolean named(String header, Call call) {
        return call.name(header)
                || header.endsWith(METHOD) && call.name(header.substring(0, header.length() - METHOD.length()));
    }

    @Override
    @Nullable
    Map<?, ?> arguments(String text) {
        return PythonLiterals.arguments(text);
    }

    @Override
    int end(Input in) {
        for (; scanned < in.length(); scanned++) {
            char c = in.peek(scanned);
            if (escaped) {
                escaped = false;
            } else if (quote != 0) {
                if (c == quote && scanned + 1 == in.length() && !in.ended()) {
                    // What comes behind it tells whether it ends the text.
                    return -1;
                }
                boolean last = scanned + 1 == in.length();
                escaped = c == '\\';
                quote = c == quote && (last || PythonLiterals.endsText(in.peek(scanned + 1))) ? 0 : quote;
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
