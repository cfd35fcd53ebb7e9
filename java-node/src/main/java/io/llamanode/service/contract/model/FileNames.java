package io.llamanode.service.contract.model;

import java.nio.file.Path;

/** Names that files give to what is loaded from them. */
final class FileNames {
    private static final String ENDING = ".gguf";

    private FileNames() {}

    /** {@return the file's name without {@code .gguf}} */
    static String withoutEnding(Path path) {
        String name = String.valueOf(path.getFileName()); // The root directory has none.
        return name.endsWith(ENDING) ? name.substring(0, name.length() - ENDING.length()) : name;
    }
}
