package io.llamanode.chat.tools.step;

import io.llamanode.chat.tools.answer.Call;
import io.llamanode.chat.tools.answer.Input;
import io.llamanode.chat.tools.answer.Step;
import io.llamanode.chat.tools.text.JsonText;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A call that is a name and bracketed arguments which are no JSON. The arguments are read when they are whole. */
abstract class WholeCallStep implements Step {
    private static final int LONGEST_NAME = 256;

    private final String opening;
    private boolean named;
    /** Characters of the header that are one word, and whether white space has ended it. */
    private int looked;

    private boolean spaced;

    /** @param opening the bracket behind the name */
    WholeCallStep(String opening) {
        this.opening = opening;
    }

    /** {@return the name that a text before the bracket gives, or {@code null}} */
    abstract @Nullable String name(String header);

    /** {@return whether a text before the bracket gives a name that may be called} */
    boolean named(String header, Call call) {
        String name = name(header);
        return name != null && call.name(name);
    }

    /** One word, as far as it has been looked at: text that is no call is known at once. */
    private boolean mayBeHeader(Input in, int length) {
        for (; looked < Math.min(length, LONGEST_NAME); looked++) {
            boolean space = Character.isWhitespace(in.peek(looked));
            if (!space && (spaced || !isName(in.peek(looked)))) {
                return false;
            }
            spaced = space;
        }
        return true;
    }

    private static boolean isName(char c) {
        return Character.isLetterOrDigit(c) || "_-.:".indexOf(c) >= 0;
    }

    /** {@return distance of what follows the closing bracket, or -1} */
    abstract int end(Input in);

    /** {@return what the text from bracket to bracket says, or {@code null}} */
    abstract @Nullable Map<?, ?> arguments(String text);

    @Override
    public final Status advance(Input in, Call call) {
        if (!named) {
            in.skipSpace();
            int open = in.find(opening);
            if (!mayBeHeader(in, open < 0 ? in.length() : open)) {
                return Status.BAD;
            }
            if (open < 0) {
                return in.ended() || in.length() > LONGEST_NAME ? Status.BAD : Status.MORE;
            }
            if (!named(in.take(open).strip(), call)) {
                return Status.BAD;
            }
            named = true;
            call.tell();
        }
        int end = end(in);
        if (end < 0) {
            return in.ended() ? Status.BAD : Status.MORE;
        }
        Map<?, ?> arguments = arguments(in.take(end));
        if (arguments == null) {
            return Status.BAD;
        }
        call.arguments(JsonText.write(arguments));
        call.tell();
        return Status.DONE;
    }
}
