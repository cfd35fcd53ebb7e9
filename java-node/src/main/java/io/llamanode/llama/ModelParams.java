package io.llamanode.llama;

/**
 * How a model is loaded ({@code llama_model_params}).
 *
 * @param nGpuLayers layers to offload, from 0; without effect in a library built for the CPU
 * @param useMmap whether the file is mapped rather than read
 * @param useMlock whether the system is asked to keep the model in memory
 * @param vocabOnly whether only the vocabulary is loaded; such a model has no contexts
 * @param checkTensors whether all weights are read and must be finite
 */
public record ModelParams(int nGpuLayers, boolean useMmap, boolean useMlock, boolean vocabOnly, boolean checkTensors) {

    /** The defaults: mapped, no layer offloaded. */
    public static final ModelParams DEFAULT = new ModelParams(0, true, false, false, false);

    /** Only the vocabulary. */
    public static final ModelParams VOCABULARY = new ModelParams(0, true, false, true, false);

    /**
     * Checks the values.
     *
     * @throws IllegalArgumentException when {@code nGpuLayers} is negative
     */
    public ModelParams {
        if (nGpuLayers < 0) {
            throw new IllegalArgumentException("nGpuLayers is " + nGpuLayers);
        }
    }
}
