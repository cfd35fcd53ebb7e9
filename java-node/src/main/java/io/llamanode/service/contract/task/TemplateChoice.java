package io.llamanode.service.contract.task;

/**
 * Which chat template to use in place of the model's own.
 *
 * <p>Never changes: for any thread.
 */
public sealed interface TemplateChoice {
    /**
     * A template.
     *
     * @param jinja its source
     */
    record Source(String jinja) implements TemplateChoice {}

    /**
     * One of those that the model's file names.
     *
     * @param name the part of the metadata's key behind {@code tokenizer.chat_template.}, or {@code default}
     */
    record Variant(String name) implements TemplateChoice {}

    /**
     * A frame around what the user says.
     *
     * @param system what the prompt begins with
     * @param prefix what comes before a message of the user
     * @param postfix what comes behind it
     */
    record Simple(String system, String prefix, String postfix) implements TemplateChoice {}
}
