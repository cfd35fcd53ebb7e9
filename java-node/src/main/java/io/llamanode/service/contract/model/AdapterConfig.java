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
        if (id != null) {
            return id;
        }
        String name = String.valueOf(path.getFileName()); // The root directory has none.
        return name.endsWith(".gguf") ? name.substring(0, name.length() - ".gguf".length()) : name;
    }
}
