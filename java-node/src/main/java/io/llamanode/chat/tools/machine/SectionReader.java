package io.llamanode.chat.tools.machine;

import io.llamanode.chat.tools.answer.Call;
import io.llamanode.chat.tools.answer.Input;
import io.llamanode.chat.tools.answer.Output;
import io.llamanode.chat.tools.answer.Step;
import io.llamanode.chat.tools.answer.Step.Status;
import io.llamanode.chat.tools.answer.ToolCall;
import io.llamanode.chat.tools.step.CallObjectStep;
import io.llamanode.chat.tools.step.GemmaStep;
import io.llamanode.chat.tools.step.HeadedStep;
import io.llamanode.chat.tools.step.PythonStep;
import io.llamanode.chat.tools.step.SingleKeyStep;
import io.llamanode.chat.tools.step.TaggedStep;
import io.llamanode.chat.tools.syntax.CallStyle;
import io.llamanode.chat.tools.syntax.CallSyntax;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Reads a section of calls from behind its opener. Each finished call counts, whatever follows it. Where several syntaxes open so,
 * the first characters tell which one it is.
 */
final class SectionReader {
    private enum State {
        OPENED,
        AFTER_OPEN,
        LIST_OPEN,
        FIRST_ITEM,
        NEXT,
        CALL,
        AFTER,
        NEXT_ITEM,
        CLOSING,
        CLOSED
    }

    private final CallSyntax own;
    private final Map<String, Map<String, Object>> tools;
    private final int maxCalls;
    private final Output output;
    /** Those that it may still be. */
    private List<CallSyntax> syntaxes;

    private State state = State.OPENED;
    private boolean listed;
    private @Nullable Step step;
    private Call call;

    /**
     * @param own syntax of the template
     * @param syntaxes that open so, at least one
     * @param tools schemas of the tools' parameters by name
     * @param maxCalls of the whole answer
     */
    SectionReader(
            CallSyntax own,
            List<CallSyntax> syntaxes,
            Map<String, Map<String, Object>> tools,
            int maxCalls,
            Output output) {
        this.own = own;
        this.syntaxes = syntaxes;
        this.tools = tools;
        this.maxCalls = maxCalls;
        this.output = output;
        this.call = newCall();
    }

    private CallSyntax syntax() {
        return syntaxes.getFirst();
    }

    /** Reads on; the input is marked where reading would have to start again as plain text. */
    Status advance(Input in) {
        while (true) {
            Status status = switch (state) {
                case OPENED -> opened(in);
                case AFTER_OPEN ->
                    step(in, State.LIST_OPEN, Step.sequence(Step.literal(syntax().afterOpen()), Step.space()));
                case LIST_OPEN -> listOpen(in);
                case FIRST_ITEM -> firstItem(in);
                case NEXT -> next();
                case CALL -> call(in);
                case AFTER -> after(in);
                case NEXT_ITEM -> nextItem(in);
                case CLOSING -> step(in, State.CLOSED, Step.closing(syntax().close()));
                case CLOSED -> Status.DONE;
            };
            if (status != Status.DONE || state == State.CLOSED) {
                return status;
            }
        }
    }

    /** Goes through a step, which is made once. */
    private Status step(Input in, State next, Step made) {
        step = step == null ? made : step;
        Status status = step.advance(in, call);
        if (status == Status.DONE) {
            step = null;
            state = next;
        }
        return status;
    }

    /** {@return whether there is something but white space, which is read} */
    private static boolean atText(Input in) {
        in.skipSpace();
        return !in.isEmpty();
    }

    private static Status missing(Input in) {
        return in.ended() ? Status.BAD : Status.MORE;
    }

    private Status opened(Input in) {
        if (!atText(in)) {
            return missing(in);
        }
        state = syntax().afterOpen().isEmpty() ? State.LIST_OPEN : State.AFTER_OPEN;
        return Status.DONE;
    }

    private Status listOpen(Input in) {
        if (!atText(in)) {
            return missing(in);
        }
        char c = in.peek();
        listed = c == '[' && only(CallSyntax::mayList);
        if (listed) {
            in.next();
            state = State.FIRST_ITEM;
            return Status.DONE;
        }
        state = State.NEXT;
        return only(syntax -> syntax.mayStandAlone() && syntax.mayBegin(c)) ? Status.DONE : Status.BAD;
    }

    private Status firstItem(Input in) {
        if (!atText(in)) {
            return missing(in);
        }
        char c = in.peek();
        state = State.NEXT;
        return only(syntax -> syntax.mayBegin(c)) ? Status.DONE : Status.BAD;
    }

    /** Leaves those that fit, if there are any. */
    private boolean only(Predicate<CallSyntax> fits) {
        List<CallSyntax> fitting = syntaxes.stream().filter(fits).toList();
        syntaxes = fitting.isEmpty() ? syntaxes : fitting;
        return !fitting.isEmpty();
    }

    private Status next() {
        if (output.callCount() >= maxCalls) {
            return Status.BAD;
        }
        call = newCall();
        step = Step.sequence(
                Step.space(), Step.literal(syntax().callOpen()), style(), Step.closing(syntax().callClose()));
        state = State.CALL;
        return Status.DONE;
    }

    private Call newCall() {
        // What is not marked as a call, or not as the template's are, is one only of a tool that there is.
        boolean known = syntax().bare() || own.bare() || !syntax().equals(own);
        return new Call(output, output.callCount(), known ? tools::containsKey : name -> true);
    }

    private Step style() {
        return switch (syntax().style()) {
            case CallStyle.Json json -> Step.sequence(Step.space(), new CallObjectStep(syntax().bare()));
            case CallStyle.SingleKey single -> SingleKeyStep.of();
            case CallStyle.Headed headed -> HeadedStep.of(headed);
            case CallStyle.Tagged tagged -> new TaggedStep(tagged, tools);
            case CallStyle.Python python -> new PythonStep();
            case CallStyle.Gemma gemma -> new GemmaStep();
        };
    }

    private Status call(Input in) {
        Status status = Objects.requireNonNull(step).advance(in, call);
        if (status == Status.DONE) {
            ToolCall finished = call.finish();
            if (finished == null) {
                return Status.BAD;
            }
            output.finished(finished);
            in.mark();
            step = null;
            state = State.AFTER;
        }
        return status;
    }

    /** Another call, or the end of the section. */
    private Status after(Input in) {
        String close = syntax().close();
        if (!listed && close.isEmpty()) {
            state = State.CLOSED;
            return Status.DONE;
        }
        if (!atText(in)) {
            state = in.ended() ? State.CLOSED : State.AFTER;
            return in.ended() ? Status.DONE : Status.MORE;
        }
        char c = in.peek();
        if (c == ',' || listed && c == ']' || !listed && c == ';') {
            in.next();
            state = c == ']' ? State.CLOSING : State.NEXT_ITEM;
            return Status.DONE;
        }
        Input.Match closing = close.isEmpty() ? Input.Match.NO : in.closing(close);
        if (closing == Input.Match.MORE) {
            return Status.MORE;
        }
        state = closing == Input.Match.YES ? State.CLOSED : State.NEXT;
        // In brackets only an object tells that a comma was left out.
        return closing == Input.Match.NO && listed && c != '{' ? Status.BAD : Status.DONE;
    }

    /** Behind a comma there may be nothing more. */
    private Status nextItem(Input in) {
        if (!atText(in)) {
            state = in.ended() ? State.CLOSED : State.NEXT_ITEM;
            return in.ended() ? Status.DONE : Status.MORE;
        }
        boolean end = listed && in.peek() == ']';
        if (end) {
            in.next();
        }
        state = end ? State.CLOSING : State.NEXT;
        return Status.DONE;
    }
}
