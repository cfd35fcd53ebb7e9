package io.llamanode.llama.functions;

import java.lang.foreign.MemorySegment;

/** The functions of ggml-backend.h on backends that are libraries of their own. */
public interface BackendFunctions {

    /**
     * {@code ggml_backend_load_all_from_path}: loads every backend that a directory holds, the CPU's variants included.
     *
     * @param path the directory, terminated
     */
    @CFunction("ggml_backend_load_all_from_path")
    void loadAllFrom(MemorySegment path);

    /** {@code ggml_backend_load_all}: loads the backends that stand where ggml looks by itself. */
    @CFunction("ggml_backend_load_all")
    void loadAll();

    /**
     * {@code ggml_backend_reg_count}.
     *
     * @return how many kinds of backend are registered; 0: nothing can be computed
     */
    @CFunction("ggml_backend_reg_count")
    long count();

    /**
     * {@code ggml_backend_reg_get}.
     *
     * @param index from 0, below {@link #count}
     * @return a {@code ggml_backend_reg_t}, which is never freed
     */
    @CFunction("ggml_backend_reg_get")
    MemorySegment get(long index);
}
