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

    /** @param opening the bracket behind the name */
    WholeCallStep(String opening) {
        this.opening = opening;
    }

    /** {@return the name that a text before the bracket gives, or {@code null}} */
    abstract @Nullable String name(String header);

    /** {@return distance of what follows the closing bracket, or -1} */
    abstract int end(Input in);

    /** {@return what the text from bracket to bracket says, or {@code null}} */
    abstract @Nullable Map<?, ?> arguments(String text);

    @Override
    public final Status advance(Input in, Call call) {
        if (!named) {
            in.skipSpace();
            int open = in.find(opening);
            if (open < 0) {
                return in.ended() || in.length() > LONGEST_NAME ? Status.BAD : Status.MORE;
            }
            String name = name(in.take(open).strip());
            if (name == null || !call.name(name)) {
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
