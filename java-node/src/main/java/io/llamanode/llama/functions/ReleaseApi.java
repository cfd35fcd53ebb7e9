package io.llamanode.llama.functions;

import io.llamanode.gguf.check.LibraryLimits;
import io.llamanode.llama.ContextParams;
import io.llamanode.llama.DecodeException;
import io.llamanode.llama.ModelParams;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/** A generation of the C API: what differs between the releases of llama.cpp that this package can drive. */
public interface ReleaseApi {

    /** The one of java-llama.cpp 4.2.0. */
    ReleaseApi B4916 = new B4916Api();

    /** The one of llama.cpp v0.5. */
    ReleaseApi V0_5 = V0Api.v05();

    /** The one of llama.cpp v0.7. */
    ReleaseApi V0_7 = V0Api.v07();

    /** All of them, newest first. */
    List<ReleaseApi> KNOWN = List.of(V0_7, V0_5, B4916);

    /** {@return the releases it stands for, as told to users} */
    String name();

    /**
     * {@return whether a release is one of its own}
     *
     * @param version as the library tells it
     */
    boolean includes(String version);

    /** {@return the layout of {@code llama_model_params}} */
    StructTable modelParams();

    /** {@return the layout of {@code llama_context_params}} */
    StructTable contextParams();

    /**
     * Writes parameters over the defaults.
     *
     * @param params what is asked for
     * @param struct a {@code llama_model_params} with the library's defaults
     */
    void write(ModelParams params, MemorySegment struct);

    /**
     * Writes parameters over the defaults.
     *
     * @param params what is asked for
     * @param struct a {@code llama_context_params} with the library's defaults
     */
    void write(ContextParams params, MemorySegment struct);

    /**
     * {@return the functions that manage the KV cache}
     *
     * @param library has them
     * @throws io.llamanode.llama.LibraryException when it lacks one
     */
    KvMemory memory(NativeFunctions library);

    /**
     * {@return the functions on samplers}
     *
     * @param library has them
     * @throws io.llamanode.llama.LibraryException when it lacks one
     */
    SamplerFunctions samplers(NativeFunctions library);

    /**
     * {@return the functions on adapters}
     *
     * @param library has them
     * @throws io.llamanode.llama.LibraryException when it lacks one
     */
    AdapterFunctions adapters(NativeFunctions library);

    /** {@return what a model may have at most: more ends the process} */
    LibraryLimits limits();

    /**
     * {@return bytes of addresses that a context takes beside its cache, its outputs and the buffers of computations, whatever
     * the model; most of them are never used}
     */
    long contextAddresses();

    /** {@return whether pooling by mean works with every architecture, rather than with encoders only} */
    boolean poolsAnyMean();

    /** {@return whether models with an encoder and no decoder can be computed} */
    boolean runsEncodersAlone();

    /**
     * {@return what a code other than 0 that {@code llama_decode} returned means}
     *
     * @param code not 0
     */
    DecodeException.Kind decodeFailure(int code);

    /**
     * Writes what has the same name in all generations.
     *
     * @param params what is asked for
     * @param table layout of the release
     * @param struct a {@code llama_context_params} with the library's defaults
     */
    static void writeCommon(ContextParams params, StructTable table, MemorySegment struct) {
        table.setInt(struct, "n_ctx", params.nCtx());
        table.setInt(struct, "n_batch", params.nBatch());
        table.setInt(struct, "n_ubatch", params.nUbatch());
        table.setInt(struct, "n_seq_max", params.nSeqMax());
        table.setInt(struct, "n_threads", params.nThreads());
        table.setInt(struct, "n_threads_batch", params.nThreadsBatch());
        table.setInt(struct, "pooling_type", params.pooling().code());
        table.setInt(struct, "type_k", params.typeK().id());
        table.setInt(struct, "type_v", params.typeV().id());
        table.setBool(struct, "embeddings", params.embeddings());
    }

    /**
     * {@return the generation of a release; empty if none is known to include it}
     *
     * @param version as the library tells it
     */
    static Optional<ReleaseApi> of(String version) {
        return KNOWN.stream().filter(generation -> generation.includes(version)).findFirst();
    }

    /** {@return the names of all of them, for a sentence} */
    static String knownNames() {
        List<String> names = KNOWN.stream().map(ReleaseApi::name).toList();
        int last = names.size() - 1;
        return String.join(", ", names.subList(0, last)) + " and " + names.get(last);
    }
}
