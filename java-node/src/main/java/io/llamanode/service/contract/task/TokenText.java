package io.llamanode.service.contract.task;

import org.jspecify.annotations.Nullable;

/**
 * A text to be tokenized.
 *
 * <p>Never changes: for any thread.
 *
 * @param model model id, or {@code null} for the default model
 * @param content the text
 * @param addSpecial whether the model's bos and eos are added as its metadata say
 * @param parseSpecial whether control tokens written in the text are read as such
 */
public record TokenText(@Nullable String model, String content, boolean addSpecial, boolean parseSpecial) {}
