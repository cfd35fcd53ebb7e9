package io.llamanode.llama.functions;

/** What every release has: a name and two parameter structs. */
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
}
