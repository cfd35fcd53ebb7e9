package io.llamanode.llama.functions;

import io.llamanode.llama.DecodeException;

/** What every release has: a name, two parameter structs, and most of its return codes. */
abstract class StructuredApi implements ReleaseApi {

    private final String name;
    private final StructTable modelParams;
    private final StructTable contextParams;

    StructuredApi(String name, StructTable modelParams, StructTable contextParams) {
        this.name = name;
        this.modelParams = modelParams;
        this.contextParams = contextParams;
    }

    @Override
    public final String name() {
        return name;
    }

    @Override
    public final StructTable modelParams() {
        return modelParams;
    }

    @Override
    public final StructTable contextParams() {
        return contextParams;
    }

    /** The scheduler of backends has room by the number of the model's tensors: 24 MiB where there are few. */
    @Override
    public long contextAddresses() {
        return 24 << 20;
    }

    @Override
    public DecodeException.Kind decodeFailure(int code) {
        return switch (code) {
            case 1 -> DecodeException.Kind.NO_KV_SLOT;
            case 2 -> DecodeException.Kind.ABORTED;
            case -1 -> DecodeException.Kind.INVALID_BATCH;
            case -2 -> DecodeException.Kind.OUT_OF_MEMORY;
            default -> DecodeException.Kind.FAILED;
        };
    }
}
