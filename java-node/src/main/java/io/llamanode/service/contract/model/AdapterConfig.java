package io.llamanode.service.contract.model;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * How an adapter is loaded; {@code null} means "the default".
 *
 * <p>Never changes: for any thread.
 *
 * @param path the GGUF file
 * @param id name of the adapter in requests; {@code null}: the file's name without {@code .gguf}
 * @param model id of the model it belongs to; {@code null}: the first
 * @param probe whether a process of its own loads the file first and computes a little with it
 */
public record AdapterConfig(
        Path path,
        @Nullable String id,
        @Nullable String model,
        @Nullable Boolean probe) {
    /** {@return whether {@link #probe} is asked for} */
    public boolean isProbed() {
        return Boolean.TRUE.equals(probe);
    }

    /** {@return the id that the adapter gets} */
    public String name() {
        return id != null ? id : FileNames.withoutEnding(path);
    }
}
