package io.llamanode.service.contract.model;

import org.jspecify.annotations.Nullable;

/**
 * A model's file, and what it would take to load it.
 *
 * <p>Never changes: for any thread.
 *
 * @param header what the file tells
 * @param requiredBytes of memory, estimated for the given configuration
 * @param availableBytes of memory, or {@code null} where the system does not tell
 */
public record ModelInspection(
        ModelHeader header, long requiredBytes, @Nullable Long availableBytes) {}
