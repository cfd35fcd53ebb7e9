package io.llamanode.bench;

import io.llamanode.llama.ContextParams;
import java.util.List;

/** One way to generate text on several streams at once. */
interface Variant extends AutoCloseable {

    /**
     * What became of one stream. Times are microseconds from the start of all streams.
     *
     * @param promptTokens of its prompt
     * @param completionTokens generated
     * @param done when its caller knew that it had ended
     * @param pieces when its caller got each piece of it; a piece may be less or more than a token
     */
    record Timeline(int promptTokens, int completionTokens, long done, List<Long> pieces) {}

    /** What all variants share. All streams are greedy and go on behind end-of-generation tokens. */
    record Settings(String model, int streams, int nCtx, int nBatch, int threads) {

        /** As {@code NativeModelLoader} sets them: each stream has cells of its own. */
        ContextParams contextParams() {
            return ContextParams.generation(nCtx * streams, nBatch, streams, threads)
                    .withKvUnified(false);
        }
    }

    /**
     * Generates on all streams at once.
     *
     * @param prompts one for each stream
     * @param tokens to generate on each
     * @return one for each prompt, in order
     */
    List<Timeline> run(List<String> prompts, int tokens) throws Exception;

    @Override
    void close();
}
