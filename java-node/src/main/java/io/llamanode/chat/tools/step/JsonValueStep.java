package io.llamanode.chat.tools.step;

import io.llamanode.chat.tools.answer.Call;
import io.llamanode.chat.tools.answer.Input;
import io.llamanode.chat.tools.answer.Step;
import io.llamanode.chat.tools.text.JsonScanner;
import java.util.function.BiConsumer;

/** One JSON value, whose text is passed on as it arrives. */
public final class JsonValueStep implements Step {
    private final JsonScanner scanner = new JsonScanner();
    private final BiConsumer<Call, String> take;

    /** @param take told of each piece, without white space in front of the value */
    JsonValueStep(BiConsumer<Call, String> take) {
        this.take = take;
    }

    /** {@return a step for a call's arguments, which are told as they arrive} */
    public static Step arguments() {
        return Step.sequence(Step.space(), new JsonValueStep((call, text) -> {
            call.arguments(text);
            call.tell();
        }));
    }

    @Override
    public Status advance(Input in, Call call) {
        StringBuilder read = new StringBuilder();
        Status status = Status.MORE;
        while (status == Status.MORE && !in.isEmpty()) {
            char c = in.peek();
            switch (scanner.accept(c)) {
                case MORE -> read.append(in.next());
                case LAST -> {
                    read.append(in.next());
                    status = Status.DONE;
                }
                case BEYOND -> status = Status.DONE;
                case BAD -> status = Status.BAD;
            }
        }
        if (status == Status.MORE && in.ended()) {
            status = scanner.maybeComplete() ? Status.DONE : Status.BAD;
        }
        if (!read.isEmpty() && status != Status.BAD) {
            take.accept(call, read.toString());
        }
        return status;
    }
}
