package io.llamanode.chat.tools.machine;

import io.llamanode.chat.tools.answer.Call;
import io.llamanode.chat.tools.answer.Input;
import io.llamanode.chat.tools.answer.Output;
import io.llamanode.chat.tools.answer.Step;
import io.llamanode.chat.tools.answer.Step.Status;
import io.llamanode.chat.tools.answer.ToolCall;
import io.llamanode.chat.tools.step.JsonValueStep;

/**
 * A call whose name stood in a header, and whose arguments are the JSON behind it. What turns out to be no call is
 * read again as text, from where the input was marked.
 */
final class HeadedCall {
    private final Call call;
    private final Output output;
    private final Step arguments = JsonValueStep.arguments();

    HeadedCall(Call call, Output output) {
        this.call = call;
        this.output = output;
    }

    /** {@return how far the call has come; unless there may be more, the mark of the input is gone} */
    Status advance(Input in) {
        Status status = arguments.advance(in, call);
        if (status == Status.MORE) {
            return status;
        }
        ToolCall finished = status == Status.DONE ? call.finish() : null;
        if (finished == null) {
            in.rewind();
            return Status.BAD;
        }
        in.unmark();
        output.finished(finished);
        return Status.DONE;
    }
}
