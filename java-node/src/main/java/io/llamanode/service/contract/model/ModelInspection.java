package io.llamanode.service.contract.model;

import org.jspecify.annotations.Nullable;

/**
 * A model's file, and what it would take to load it.
 *
 * <p>Never changes: for any thread.
 *
 * @param header what the file tells
 * @param requiredBytes of memory, estimated for the given configuration, or {@code null} if they are more than can be counted
 * @param availableBytes of memory, or {@code null} where the system does not tell
 */
public record ModelInspection(
        ModelHeader header,
        @Nullable Long requiredBytes,
        @Nullable Long availableBytes) {}
