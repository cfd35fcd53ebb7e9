package io.llamanode.llama.functions;

import io.llamanode.gguf.check.LibraryLimits;
import io.llamanode.llama.ContextParams;
import io.llamanode.llama.DecodeException;
import io.llamanode.llama.ModelParams;
import io.llamanode.llama.functions.ParamStructs.Since;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.Set;

/** {@link ReleaseApi#B4916}. */
final class B4916Api extends StructuredApi {

    B4916Api() {
        super("b4916", ParamStructs.model(Since.B4916, 64), ParamStructs.context(Since.B4916, 120));
    }

    @Override
    public boolean includes(String version) {
        return version.equals("b4916");
    }

    @Override
    public void write(ModelParams params, MemorySegment struct) {
        modelParams().setInt(struct, "n_gpu_layers", params.nGpuLayers());
        modelParams().setBool(struct, "use_mmap", params.useMmap());
        modelParams().setBool(struct, "use_mlock", params.useMlock());
        modelParams().setBool(struct, "vocab_only", params.vocabOnly());
        modelParams().setBool(struct, "check_tensors", params.checkTensors());
    }

    @Override
    public void write(ContextParams params, MemorySegment struct) {
        ReleaseApi.writeCommon(params, contextParams(), struct);
        contextParams().setBool(struct, "flash_attn", Boolean.TRUE.equals(params.flashAttn()));
    }

    @Override
    public KvMemory memory(NativeFunctions library) {
        return new KvMemoryB4916Calls(library);
    }

    @Override
    public SamplerFunctions samplers(NativeFunctions library) {
        return new SamplerFunctionsB4916Calls(library);
    }

    @Override
    public AdapterFunctions adapters(NativeFunctions library) {
        return new AdapterFunctionsB4916Calls(library);
    }

    @Override
    public LibraryLimits limits() {
        return new LibraryLimits(256, 2, 39, Map.of("baichuan", Set.of(32L, 40L), "gemma2", Set.of(26L, 42L, 46L)));
    }

    /** Measured: its scheduler of backends has room for 65,536 nodes. Without it ggml ends the process. */
    @Override
    public long contextAddresses() {
        return 473 << 20;
    }

    @Override
    public boolean poolsAnyMean() {
        return false;
    }

    @Override
    public boolean runsEncodersAlone() {
        return false; // It has no graph for them, and aborts.
    }

    /** It returns -3 when no cells are free; 1 is what its header promises. */
    @Override
    public DecodeException.Kind decodeFailure(int code) {
        return code == -3 ? DecodeException.Kind.NO_KV_SLOT : super.decodeFailure(code);
    }
}
