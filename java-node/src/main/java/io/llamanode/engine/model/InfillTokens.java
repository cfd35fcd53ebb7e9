package io.llamanode.engine.model;

import java.util.OptionalInt;

/**
 * Control tokens of a model that fills gaps.
 *
 * <p>Immutable: any thread.
 *
 * @param prefix before the text in front of the gap
 * @param suffix before the text behind it
 * @param middle after which the filling starts
 * @param repository before the name of a repository, if the model knows it
 * @param file before the name of a file, if the model knows it
 */
public record InfillTokens(int prefix, int suffix, int middle, OptionalInt repository, OptionalInt file) {}
