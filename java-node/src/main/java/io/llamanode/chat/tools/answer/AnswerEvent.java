package io.llamanode.chat.tools.answer;

/** A part of an answer, as soon as it is known what it is. No text in it splits a code point that arrived whole. */
public sealed interface AnswerEvent {
    /**
     * More of what the model says.
     *
     * @param text not empty
     */
    record Content(String text) implements AnswerEvent {}

    /**
     * More of what the model thinks.
     *
     * @param text not empty
     */
    record Reasoning(String text) implements AnswerEvent {}

    /**
     * More of a call. It counts only when {@link Answer#calls} has it: a call that turns out to be malformed becomes
     * content.
     *
     * @param index of the call in the answer, from 0
     * @param id of the call
     * @param name of the tool
     * @param delta more of the arguments' JSON text; may be empty
     */
    record Call(int index, String id, String name, String delta) implements AnswerEvent {}
}
