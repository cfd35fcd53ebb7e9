package io.llamanode.chat.tools.answer;

/** Tells the parts of an answer apart. */
public interface AnswerMachine {
    /**
     * Reads what has arrived, and holds back what is not decided yet, unless the input has ended.
     *
     * @param in the answer, from where the last call stopped
     */
    void advance(Input in);
}
