package io.llamanode.chat.tools;

import io.llamanode.chat.tools.answer.Answer;
import io.llamanode.chat.tools.answer.AnswerEvent;
import io.llamanode.chat.tools.answer.AnswerMachine;
import io.llamanode.chat.tools.answer.Input;
import io.llamanode.chat.tools.answer.Output;
import java.util.List;

/**
 * Tells reasoning, content and calls of one answer apart while its text arrives. A call that is malformed is content,
 * from its first character on. For one thread at a time.
 */
public final class AnswerParser {
    private final Input in = new Input();
    private final AnswerMachine machine;
    private final Output output;

    AnswerParser(AnswerMachine machine, Output output) {
        this.machine = machine;
        this.output = output;
    }

    /**
     * Takes more of the answer. Costs time by the text's length, whatever came before.
     *
     * @param text whole code points, with the texts of {@link AnswerFormat#markers}
     * @return what is known now; text that may become a marker is held back
     */
    public List<AnswerEvent> push(String text) {
        in.add(text);
        machine.advance(in);
        return output.takeEvents();
    }

    /**
     * Ends the answer, to be called once.
     *
     * @return what was held back
     */
    public List<AnswerEvent> finish() {
        in.end();
        machine.advance(in);
        output.end();
        return output.takeEvents();
    }

    /** {@return all that is known so far; the whole answer after {@link #finish}} */
    public Answer answer() {
        return output.answer();
    }
}
