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
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Answers in which reasoning and calls stand between texts of their own, or the whole answer is the call. */
public final class MarkedMachine implements AnswerMachine {
    private enum State {
        START,
        FRAMED,
        SEPARATED,
        CONTENT,
        REASONING,
        CALLS,
        FRAME_END,
        TEXT_ONLY
    }

    private final @Nullable Reasoning reasoning;
    /** That of the template, then others that its models may write; none if no tools can be called. */
    private final List<CallSyntax> syntaxes;

    private final List<String> noise;
    private final Map<String, Map<String, Object>> tools;
    private final int maxCalls;
    private final Output output;
    private State state;
    private boolean skipSpace;
    /** Whether nothing but white space has come since the last call. */
    private boolean behindCalls;

    /** Whether the input is marked where the answer began. */
    private boolean starting;

    private String frameEnd = "";
    private @Nullable SectionReader section;

    /**
     * Reads one answer.
     *
     * @param reasoning {@code null} if the model does not think
     * @param inside whether the prompt opened the reasoning
     * @param syntaxes that of the template first, then others that its models may write; none if no tools can be called
     * @param noise texts around the content that are no part of it
     * @param tools schemas of the parameters by name
     * @param maxCalls calls that may be made
     * @param output told of the parts
     */
    public MarkedMachine(
            @Nullable Reasoning reasoning,
            boolean inside,
            List<CallSyntax> syntaxes,
            List<String> noise,
            Map<String, Map<String, Object>> tools,
            int maxCalls,
            Output output) {
        this.reasoning = reasoning;
        this.syntaxes = List.copyOf(syntaxes);
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
            case FRAMED -> framed(in);
            case SEPARATED -> separated(in);
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

    /** {@return whether the whole answer may be a call} */
    private boolean bare() {
        return !syntaxes.isEmpty() && syntaxes.getFirst().bare() && output.callCount() < maxCalls;
    }

    /** Decides about a whole answer that may be a call, once there is something but white space. */
    private boolean start(Input in) {
        if (!bare()) {
            state = State.CONTENT;
            return true;
        }
        if (!starting) {
            starting = true;
            in.mark();
        }
        in.skipSpace();
        if (in.isEmpty() && !in.ended()) {
            return false;
        }
        frameEnd = "";
        for (Map.Entry<String, String> frame : CallSyntax.FRAMES.entrySet()) {
            Input.Match match = in.literal(frame.getKey());
            if (match == Input.Match.MORE) {
                return false;
            }
            if (match == Input.Match.YES) {
                frameEnd = frame.getValue();
                break;
            }
        }
        starting = false;
        state = State.FRAMED;
        return true;
    }

    private boolean framed(Input in) {
        // What begins like another call and is none is text.
        return bareCall(in, output.callCount() > 0 ? State.TEXT_ONLY : State.CONTENT);
    }

    /** Behind a call that is the whole answer there may be another one. */
    private boolean separated(Input in) {
        return bareCall(in, State.TEXT_ONLY);
    }

    /** Goes on to a call that stands by itself, if one begins here; the input is read anew if not. */
    private boolean bareCall(Input in, State otherwise) {
        in.skipSpace();
        if (in.isEmpty() && !in.ended()) {
            return false;
        }
        if (!in.isEmpty() && beginsJson(in)) {
            section(CallSyntax::bare);
        } else {
            in.rewind();
            state = otherwise;
        }
        return true;
    }

    private static boolean beginsJson(Input in) {
        return in.peek() == '{' || in.peek() == '[';
    }

    /** Goes on to calls; the input is marked where they begin. */
    private void section(Predicate<CallSyntax> opened) {
        section = new SectionReader(
                syntaxes.getFirst(), syntaxes.stream().filter(opened).toList(), tools, maxCalls, output);
        state = State.CALLS;
    }

    /** Reads the end of a section that was closed before, or never opened. */
    private Input.Match closed(Input in) {
        Input.Match match = Input.Match.NO;
        for (CallSyntax syntax : syntaxes) {
            if (match == Input.Match.NO && syntax.close().startsWith("</")) {
                match = in.literal(syntax.close());
            }
        }
        return match;
    }

    /** {@return whether what comes is another call of an answer that is nothing else, or the mark in front of one} */
    private boolean anotherBegins(Input in) {
        if (!bare() || output.hasContent()) {
            return false;
        }
        char c = in.peek();
        if (c == ',' || c == ';') {
            in.mark();
            in.next();
            state = State.SEPARATED;
            return true;
        }
        if (c == '{' || c == '[' || c == '`') {
            state = State.START;
            return true;
        }
        return false;
    }

    private boolean content(Input in) {
        if (skipSpace) {
            in.skipSpace();
            if (in.isEmpty()) {
                return false;
            }
            skipSpace = false;
            if (!output.hasContent() && bare() && output.callCount() == 0) {
                state = State.START;
                return true;
            }
        }
        if (behindCalls) {
            int space = 0;
            while (space < in.length() && Character.isWhitespace(in.peek(space))) {
                space++;
            }
            output.content(in.take(space));
            if (in.isEmpty()) {
                return false;
            }
            Input.Match closed = closed(in);
            behindCalls = closed != Input.Match.NO;
            if (behindCalls || anotherBegins(in)) {
                return closed != Input.Match.MORE;
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
        String found = null;
        int at = in.length();
        for (String marker : markers) {
            int distance = in.find(marker);
            if (distance >= 0 && distance < at) {
                found = marker;
                at = distance;
            }
        }
        if (found == null) {
            output.content(in.take(in.length() - in.held(markers)));
            return false;
        }
        String first = found;
        output.content(in.take(at));
        if (opens(first)) {
            in.mark();
            in.take(first.length());
            section(syntax -> syntax.openers().contains(first));
        } else {
            in.take(first.length());
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
        if (output.callCount() < maxCalls) {
            syntaxes.forEach(syntax -> markers.addAll(syntax.openers()));
        }
        return markers;
    }

    private boolean opens(String marker) {
        return syntaxes.stream().anyMatch(syntax -> syntax.openers().contains(marker));
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
                behindCalls = true;
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
