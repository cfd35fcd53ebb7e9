package io.llamanode.chat.tools.machine;

import io.llamanode.chat.tools.answer.AnswerMachine;
import io.llamanode.chat.tools.answer.Input;
import io.llamanode.chat.tools.answer.Output;
import io.llamanode.chat.tools.answer.Step.Status;
import io.llamanode.chat.tools.syntax.CallSyntax;
import io.llamanode.chat.tools.syntax.Reasoning;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Answers in which reasoning and calls stand between texts of their own, or the whole answer is the call. */
public final class MarkedMachine implements AnswerMachine {
    private enum State {
        START,
        CONTENT,
        REASONING,
        CALLS,
        FRAME_END,
        TEXT_ONLY
    }

    private final @Nullable Reasoning reasoning;
    private final @Nullable CallSyntax syntax;
    private final List<String> noise;
    private final Map<String, Map<String, Object>> tools;
    private final int maxCalls;
    private final Output output;
    private State state;
    private boolean skipSpace;
    private String frameEnd = "";
    private @Nullable SectionReader section;

    /**
     * Reads one answer.
     *
     * @param reasoning {@code null} if the model does not think
     * @param inside whether the prompt opened the reasoning
     * @param syntax {@code null} if no tools can be called
     * @param noise texts around the content that are no part of it
     * @param tools schemas of the parameters by name
     * @param maxCalls calls that may be made
     * @param output told of the parts
     */
    public MarkedMachine(
            @Nullable Reasoning reasoning,
            boolean inside,
            @Nullable CallSyntax syntax,
            List<String> noise,
            Map<String, Map<String, Object>> tools,
            int maxCalls,
            Output output) {
        this.reasoning = reasoning;
        this.syntax = syntax;
        this.noise = noise;
        this.tools = tools;
        this.maxCalls = maxCalls;
        this.output = output;
        this.state = inside ? State.REASONING : State.START;
    }

    @Override
    public boolean step(Input in) {
        return switch (state) {
            case START -> start(in);
            case CONTENT -> content(in);
            case REASONING -> reasoning(in);
            case CALLS -> calls(in);
            case FRAME_END -> frameEnd(in);
            case TEXT_ONLY -> {
                output.content(in.take(in.length()));
                yield false;
            }
        };
    }

    /** Decides about a whole answer that may be a call, once there is something but white space. */
    private boolean start(Input in) {
        if (syntax == null || !syntax.bare()) {
            state = State.CONTENT;
            return true;
        }
        in.mark();
        in.skipSpace();
        boolean undecided = in.isEmpty();
        frameEnd = "";
        for (Map.Entry<String, String> frame : CallSyntax.FRAMES.entrySet()) {
            Input.Match match = in.literal(frame.getKey());
            undecided |= match == Input.Match.MORE;
            if (match == Input.Match.YES) {
                frameEnd = frame.getValue();
                in.skipSpace();
                undecided |= in.isEmpty();
                break;
            }
        }
        if (undecided && !in.ended()) {
            in.rewind();
            return false;
        }
        if (!in.isEmpty() && (in.peek() == '{' || in.peek() == '[')) {
            section = new SectionReader(Objects.requireNonNull(syntax), tools, output);
            state = State.CALLS;
        } else {
            in.rewind();
            state = State.CONTENT;
        }
        return true;
    }

    private boolean content(Input in) {
        if (skipSpace) {
            in.skipSpace();
            if (in.isEmpty()) {
                return false;
            }
            skipSpace = false;
            if (!output.hasContent() && syntax != null && syntax.bare() && output.callCount() == 0) {
                state = State.START;
                return true;
            }
        }
        switch (reasoningOpens(in)) {
            case YES -> {
                output.dropSpace();
                state = State.REASONING;
                return true;
            }
            case MORE -> {
                return false;
            }
            case NO -> {}
        }
        // None of them begins with another: no two can stand in the same place.
        List<String> markers = markers();
        String first = null;
        int at = in.length();
        for (String marker : markers) {
            int found = in.find(marker);
            if (found >= 0 && found < at) {
                first = marker;
                at = found;
            }
        }
        if (first == null) {
            output.content(in.take(in.length() - in.held(markers)));
            return false;
        }
        output.content(in.take(at));
        if (noise.contains(first)) {
            in.take(first.length());
        } else {
            in.mark();
            in.take(first.length());
            section = new SectionReader(Objects.requireNonNull(syntax), tools, output);
            state = State.CALLS;
        }
        return true;
    }

    /** Reasoning begins an answer; further back the marker is only mentioned. */
    private Input.Match reasoningOpens(Input in) {
        if (reasoning == null || output.hasContent() || output.callCount() > 0) {
            return Input.Match.NO;
        }
        in.mark();
        in.skipSpace();
        Input.Match match = in.isEmpty() && !in.ended() ? Input.Match.MORE : in.literal(reasoning.open());
        if (match == Input.Match.YES) {
            in.unmark();
        } else {
            in.rewind();
        }
        return match;
    }

    private List<String> markers() {
        List<String> markers = new ArrayList<>(noise);
        if (syntax != null && output.callCount() < maxCalls) {
            markers.addAll(syntax.openers());
        }
        return markers;
    }

    private boolean reasoning(Input in) {
        String close = Objects.requireNonNull(reasoning).close();
        int end = in.find(close);
        if (end < 0) {
            output.reasoning(in.take(in.length() - in.held(List.of(close))));
            return false;
        }
        output.reasoning(in.take(end));
        in.take(close.length());
        skipSpace = true;
        state = State.CONTENT;
        return true;
    }

    private boolean frameEnd(Input in) {
        in.skipSpace();
        if (in.literal(frameEnd) == Input.Match.MORE) {
            return false;
        }
        frameEnd = "";
        state = State.CONTENT;
        return true;
    }

    private boolean calls(Input in) {
        Status status = Objects.requireNonNull(section).advance(in);
        switch (status) {
            case MORE -> {
                return false;
            }
            case DONE -> {
                in.unmark();
                state = frameEnd.isEmpty() ? State.CONTENT : State.FRAME_END;
            }
            case BAD -> {
                in.rewind();
                state = State.TEXT_ONLY;
            }
        }
        return true;
    }
}
