package io.llamanode.chat.tools.machine;

import io.llamanode.chat.tools.answer.AnswerMachine;
import io.llamanode.chat.tools.answer.Call;
import io.llamanode.chat.tools.answer.Input;
import io.llamanode.chat.tools.answer.Output;
import io.llamanode.chat.tools.answer.Step.Status;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Answers of functionary v3.2: parts to recipients, {@code >>>all} for text and {@code >>>f} for a call. */
public final class RecipientMachine implements AnswerMachine {
    /** Begins the next part. */
    public static final String NEXT = ">>>";

    /** The recipient of text. */
    public static final String EVERYBODY = "all";

    private enum State {
        START,
        RECIPIENT,
        TEXT,
        CALL
    }

    private final Map<String, Map<String, Object>> tools;
    private final int maxCalls;
    private final Output output;
    private State state = State.START;
    private @Nullable HeadedCall call;

    /**
     * Starts to read an answer.
     *
     * @param tools schemas of the parameters by name
     * @param maxCalls calls that count at most
     * @param output told of the parts
     */
    public RecipientMachine(Map<String, Map<String, Object>> tools, int maxCalls, Output output) {
        this.tools = tools;
        this.maxCalls = maxCalls;
        this.output = output;
    }

    @Override
    public boolean step(Input in) {
        return switch (state) {
            case START -> start(in);
            case RECIPIENT -> recipient(in);
            case TEXT -> text(in);
            case CALL -> call(in);
        };
    }

    /** The prompt ends with the marker already. */
    private boolean start(Input in) {
        Input.Match match = in.literal(NEXT);
        state = match == Input.Match.MORE ? State.START : State.RECIPIENT;
        return match != Input.Match.MORE;
    }

    private boolean recipient(Input in) {
        int end = in.find("\n");
        int longest = tools.keySet().stream().mapToInt(String::length).max().orElse(0);
        if (end < 0 && in.length() <= Math.max(longest, EVERYBODY.length()) + 1 && !in.ended()) {
            return false;
        }
        in.mark();
        String name = end < 0 ? "" : in.take(end + 1).strip();
        if (name.equals(EVERYBODY)) {
            in.unmark();
            state = State.TEXT;
        } else if (tools.containsKey(name) && output.callCount() < maxCalls) {
            Call named = new Call(output, output.callCount(), tools::containsKey);
            named.name(name);
            call = new HeadedCall(named, output);
            state = State.CALL;
        } else {
            in.rewind();
            state = State.TEXT;
        }
        return true;
    }

    private boolean call(Input in) {
        if (Objects.requireNonNull(call).advance(in) == Status.MORE) {
            return false;
        }
        state = State.TEXT;
        return true;
    }

    private boolean text(Input in) {
        int next = in.find(NEXT);
        if (next < 0) {
            output.content(in.take(in.length() - in.held(List.of(NEXT))));
            return false;
        }
        output.content(in.take(next));
        in.take(NEXT.length());
        state = State.RECIPIENT;
        return true;
    }
}
