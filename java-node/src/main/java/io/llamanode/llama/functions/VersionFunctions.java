package io.llamanode.llama.functions;

import java.lang.foreign.MemorySegment;

/** How a library says which release it is. */
public interface VersionFunctions {

    /**
     * {@code llama_version}, which older releases lack.
     *
     * @return the release's name, terminated; a null pointer from releases without semantic versions
     */
    @CFunction("llama_version")
    default MemorySegment version() {
        return MemorySegment.NULL;
    }
}
