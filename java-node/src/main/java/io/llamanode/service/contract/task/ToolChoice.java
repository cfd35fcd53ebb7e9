package io.llamanode.service.contract.task;

/**
 * Whether an answer may or must call tools.
 *
 * <p>Never changes: for any thread.
 */
public sealed interface ToolChoice {
    /** As the model likes. */
    record Auto() implements ToolChoice {}

    /** It does not learn of the tools. */
    record None() implements ToolChoice {}

    /** It calls one or several. */
    record Required() implements ToolChoice {}

    /**
     * It calls this one.
     *
     * @param name of the tool
     */
    record Function(String name) implements ToolChoice {}
}
