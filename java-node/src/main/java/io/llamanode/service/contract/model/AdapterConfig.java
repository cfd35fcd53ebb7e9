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
 */
public record AdapterConfig(
        Path path, @Nullable String id, @Nullable String model) {
    /** {@return the id that the adapter gets} */
    public String name() {
        return id != null ? id : FileNames.withoutEnding(path);
    }
}
