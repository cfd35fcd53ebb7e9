package io.llamanode.chat.tools.machine;

import io.llamanode.chat.tools.answer.AnswerMachine;
import io.llamanode.chat.tools.answer.Call;
import io.llamanode.chat.tools.answer.Input;
import io.llamanode.chat.tools.answer.Output;
import io.llamanode.chat.tools.answer.Step.Status;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Answers of gpt-oss: messages on channels, of which one is for reasoning, and to recipients, which are tools. */
public final class HarmonyMachine implements AnswerMachine {
    /** Ends the header of a message. */
    public static final String MESSAGE = "<|message|>";
    /** Begins the name of a channel. */
    public static final String CHANNEL = "<|channel|>";
    /** Begins a message. */
    public static final String START = "<|start|>";

    private static final List<String> ENDS = List.of("<|end|>", "<|return|>", "<|call|>");
    private static final List<String> NEXT = List.of(START, CHANNEL);
    /** All texts that tell the parts of an answer apart. */
    public static final List<String> MARKERS =
            List.of(MESSAGE, CHANNEL, START, "<|end|>", "<|return|>", "<|call|>", "<|constrain|>");

    private static final Pattern RECIPIENT = Pattern.compile("to=(?:functions\\.)?([^\\s<]+)");
    private static final Pattern REASONING = Pattern.compile(Pattern.quote(CHANNEL) + "\\s*analysis");
    private static final int LONGEST_HEADER = 512;

    private enum State {
        HEADER,
        BODY,
        CALL
    }

    private final boolean callable;
    private final int maxCalls;
    private final Output output;
    private State state = State.HEADER;
    private boolean thinks;
    private @Nullable HeadedCall call;

    /**
     * Reads one answer.
     *
     * @param callable whether tools can be called
     * @param maxCalls calls that may be made; what comes after them is content
     * @param output told of the parts
     */
    public HarmonyMachine(boolean callable, int maxCalls, Output output) {
        this.callable = callable;
        this.maxCalls = maxCalls;
        this.output = output;
    }

    @Override
    public boolean step(Input in) {
        return switch (state) {
            case HEADER -> header(in);
            case BODY -> body(in);
            case CALL -> call(in);
        };
    }

    private boolean header(Input in) {
        int end = in.find(MESSAGE);
        if (end < 0) {
            if (in.ended() || in.length() > LONGEST_HEADER) {
                // Not the syntax of this family: whatever it is, it is text.
                thinks = false;
                state = State.BODY;
                skipNoHeader(in);
                return true;
            }
            return false;
        }
        String header = in.take(end);
        in.take(MESSAGE.length());
        Matcher recipient = RECIPIENT.matcher(header);
        thinks = REASONING.matcher(header).find();
        state = State.BODY;
        if (callable && output.callCount() < maxCalls && recipient.find()) {
            Call named = new Call(output, output.callCount(), name -> true);
            if (named.name(recipient.group(1))) {
                in.mark();
                call = new HeadedCall(named, output);
                state = State.CALL;
            }
        }
        return true;
    }

    /** What begins a header must not be met again as text; one that the answer's end cut off says nothing. */
    private static void skipNoHeader(Input in) {
        boolean cutOff = in.ended() && in.length() <= LONGEST_HEADER;
        for (String marker : NEXT) {
            if (in.literal(marker) == Input.Match.YES) {
                in.take(cutOff ? in.length() : 0);
                return;
            }
        }
    }

    private boolean call(Input in) {
        Status status = Objects.requireNonNull(call).advance(in);
        if (status == Status.MORE) {
            return false;
        }
        if (status == Status.BAD) {
            thinks = false;
        }
        state = State.BODY;
        return true;
    }

    private boolean body(Input in) {
        String first = null;
        int at = in.length();
        for (String marker : MARKERS) {
            int found = in.find(marker);
            if (found >= 0 && found < at) {
                first = marker;
                at = found;
            }
        }
        text(in.take(first == null ? at - in.held(MARKERS) : at));
        if (first == null) {
            return false;
        }
        if (!NEXT.contains(first)) {
            in.take(first.length());
        }
        state = ENDS.contains(first) || NEXT.contains(first) ? State.HEADER : State.BODY;
        return true;
    }

    private void text(String text) {
        if (thinks) {
            output.reasoning(text);
        } else {
            output.content(text);
        }
    }
}
