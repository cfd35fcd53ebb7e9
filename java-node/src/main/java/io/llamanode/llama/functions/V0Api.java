package io.llamanode.llama.functions;

import io.llamanode.gguf.check.LibraryLimits;
import io.llamanode.llama.ContextParams;
import io.llamanode.llama.ModelParams;
import io.llamanode.llama.functions.ParamStructs.Since;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** The generations with semantic versions ({@link ReleaseApi#V0_5} and later), which differ only in their structs. */
final class V0Api extends StructuredApi {

    // enum llama_load_mode: two bits.
    private static final int LOAD_MODE_MMAP = 1;
    private static final int LOAD_MODE_MLOCK = 2;

    private static final int FLASH_ATTN_AUTO = -1;
    private static final int FLASH_ATTN_DISABLED = 0;
    private static final int FLASH_ATTN_ENABLED = 1;

    private V0Api(String name, Since since, int contextBytes) {
        super(name, ParamStructs.model(since, 80), ParamStructs.context(since, contextBytes));
    }

    static ReleaseApi v05() {
        return new V0Api("v0.5", Since.V0_5, 160);
    }

    /** Its header differs from the one before in one field of the context's parameters, and in functions it adds. */
    static ReleaseApi v07() {
        return new V0Api("v0.7", Since.V0_7, 168);
    }

    @Override
    public boolean includes(String version) {
        return version.matches(Pattern.quote(name()) + "\\.\\d+(-.*)?");
    }

    @Override
    public void write(ModelParams params, MemorySegment struct) {
        modelParams().setInt(struct, "n_gpu_layers", params.nGpuLayers());
        modelParams()
                .setInt(
                        struct,
                        "load_mode",
                        (params.useMmap() ? LOAD_MODE_MMAP : 0) | (params.useMlock() ? LOAD_MODE_MLOCK : 0));
        modelParams().setBool(struct, "vocab_only", params.vocabOnly());
        modelParams().setBool(struct, "check_tensors", params.checkTensors());
    }

    @Override
    public void write(ContextParams params, MemorySegment struct) {
        ReleaseApi.writeCommon(params, contextParams(), struct);
        // Room for an output of every sequence, without which v0.5 and later end the process.
        contextParams().setInt(struct, "n_ctx", Math.max(params.nCtx(), params.nSeqMax()));
        contextParams().setInt(struct, "n_batch", Math.max(params.nBatch(), params.nSeqMax()));
        // Without it, attention of separate sequences is slower than of unified ones; with it, it is faster.
        Boolean flash = params.flashAttn();
        contextParams()
                .setInt(
                        struct,
                        "flash_attn_type",
                        flash == null ? FLASH_ATTN_AUTO : flash ? FLASH_ATTN_ENABLED : FLASH_ATTN_DISABLED);
        contextParams().setBool(struct, "kv_unified", params.kvUnified());
    }

    @Override
    public KvMemory memory(NativeFunctions library) {
        return new KvMemoryV0Calls(library);
    }

    @Override
    public SamplerFunctions samplers(NativeFunctions library) {
        return new SamplerFunctionsV0Calls(library);
    }

    @Override
    public AdapterFunctions adapters(NativeFunctions library) {
        return new AdapterFunctionsV0Calls(library);
    }

    @Override
    public LibraryLimits limits() {
        return new LibraryLimits(1024, 4, 43, Map.of("baichuan", Set.of(32L, 40L)));
    }

    @Override
    public boolean poolsAnyMean() {
        return true;
    }

    @Override
    public boolean runsEncodersAlone() {
        return true;
    }
}
