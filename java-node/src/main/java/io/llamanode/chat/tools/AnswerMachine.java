package io.llamanode.chat.tools;

/** Tells the parts of an answer apart. */
interface AnswerMachine {
    /** Reads what has arrived, and holds back what is not decided yet, unless the input has ended. */
    void advance(Input in);
}
