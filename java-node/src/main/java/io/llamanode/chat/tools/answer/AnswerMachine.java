package io.llamanode.chat.tools.answer;

/** Tells the parts of an answer apart. It is in one of several states, which follow each other as the text tells. */
public interface AnswerMachine {
    /**
     * Reads what the present state can read, and may go on to another.
     *
     * @param in the answer, from where the last call stopped; not empty, unless it has ended
     * @return whether there may be more to read at once; {@code false}: not before more has arrived
     */
    boolean step(Input in);

    /**
     * Reads what has arrived, and holds back what is not decided yet, unless the input has ended.
     *
     * @param in the answer, from where the last call stopped
     */
    default void advance(Input in) {
        boolean more = true;
        while (more && (!in.isEmpty() || in.ended())) {
            more = step(in);
        }
    }
}
