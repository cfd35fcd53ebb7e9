package io.llamanode.llama.functions;

import java.lang.foreign.MemorySegment;

/** The functions of ggml-backend.h on backends that are libraries of their own. */
public interface BackendFunctions {

    @CFunction("ggml_backend_load_all_from_path")
    void loadAllFrom(MemorySegment path);

    @CFunction("ggml_backend_load_all")
    void loadAll();

    @CFunction("ggml_backend_reg_count")
    long count();

    @CFunction("ggml_backend_reg_get")
    MemorySegment get(long index);
}
