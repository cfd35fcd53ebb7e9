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
import io.llamanode.chat.tools.syntax.CallSyntax.Listing;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Reads a section of calls from behind its opener. Each finished call counts, whatever follows it. */
final class SectionReader {
    private enum State {
        OPENED,
        LIST_OPEN,
        NEXT,
        CALL,
        AFTER,
        CLOSING,
        CLOSED
    }

    private final CallSyntax syntax;
    private final Map<String, Map<String, Object>> tools;
    private final Predicate<String> acceptsName;
    private final Output output;
    private State state = State.OPENED;
    private boolean listed;
    private @Nullable Step step;
    private Call call;

    /** @param tools schemas of the tools' parameters by name */
    SectionReader(CallSyntax syntax, Map<String, Map<String, Object>> tools, Output output) {
        this.syntax = syntax;
        this.tools = tools;
        this.output = output;
        // What is not marked as a call may be any JSON, and is a call only of a tool that there is.
        this.acceptsName = syntax.bare() ? tools::containsKey : name -> true;
        this.call = newCall();
    }

    /** Reads on; the input is marked where reading would have to start again as plain text. */
    Status advance(Input in) {
        while (true) {
            Status status = switch (state) {
                case OPENED ->
                    step(
                            in,
                            State.LIST_OPEN,
                            Step.sequence(Step.space(), Step.literal(syntax.afterOpen()), Step.space()));
                case LIST_OPEN -> listOpen(in);
                case NEXT -> next();
                case CALL -> call(in);
                case AFTER -> after(in);
                case CLOSING -> step(in, State.CLOSED, Step.closing(syntax.close()));
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

    private Status listOpen(Input in) {
        state = State.NEXT;
        if (syntax.list() == Listing.NEVER) {
            return Status.DONE;
        }
        if (in.isEmpty()) {
            state = State.LIST_OPEN;
            return in.ended() ? Status.BAD : Status.MORE;
        }
        listed = in.peek() == '[';
        if (listed) {
            in.next();
        }
        return listed || syntax.list() == Listing.OPTIONAL ? Status.DONE : Status.BAD;
    }

    private Status next() {
        call = newCall();
        step = Step.sequence(Step.space(), Step.literal(syntax.callOpen()), style(), Step.closing(syntax.callClose()));
        state = State.CALL;
        return Status.DONE;
    }

    private Call newCall() {
        return new Call(output, output.callCount(), acceptsName);
    }

    private Step style() {
        return switch (syntax.style()) {
            case CallStyle.Json json -> Step.sequence(Step.space(), new CallObjectStep(syntax.bare()));
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
        if (!listed && syntax.close().isEmpty()) {
            state = State.CLOSED;
            return Status.DONE;
        }
        in.skipSpace();
        if (in.isEmpty()) {
            state = in.ended() ? State.CLOSED : State.AFTER;
            return in.ended() ? Status.DONE : Status.MORE;
        }
        if (listed) {
            char c = in.next();
            state = c == ',' ? State.NEXT : State.CLOSING;
            return c == ',' || c == ']' ? Status.DONE : Status.BAD;
        }
        return switch (in.closing(syntax.close())) {
            case YES -> {
                state = State.CLOSED;
                yield Status.DONE;
            }
            case NO -> {
                state = State.NEXT;
                yield Status.DONE;
            }
            case MORE -> Status.MORE;
        };
    }
}
