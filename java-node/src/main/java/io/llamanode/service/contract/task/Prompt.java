package io.llamanode.service.contract.task;

/**
 * A completion prompt.
 *
 * <p>Never changes: for any thread.
 */
public sealed interface Prompt {
    /**
     * Text, tokenized as plain text: nothing in it becomes a control token.
     *
     * @param text any Unicode text
     */
    record Text(String text) implements Prompt {}

    /**
     * Text in which control tokens count, by which whoever wrote a part of it can end turns and begin others.
     *
     * @param text any Unicode text
     */
    record Special(String text) implements Prompt {}

    /**
     * Token ids as given.
     *
     * @param ids ids, not checked against a vocabulary yet
     */
    record Tokens(int[] ids) implements Prompt {}
}
