package io.llamanode.engine.model;

import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/** What turns text into tokens and back. Safe for use by any thread. */
public interface Vocabulary {
    /** {@return number of tokens} */
    int size();

    /**
     * Splits a text into tokens.
     *
     * @param text any text
     * @param addSpecial whether bos and eos are added where the model's metadata say so
     * @param parseSpecial whether control tokens written in the text are read as such
     * @return token ids
     */
    int[] tokenize(String text, boolean addSpecial, boolean parseSpecial);

    /**
     * Puts tokens together to a text.
     *
     * @param tokens ids
     * @param special whether control tokens are spelled; else they are left out
     * @return the text they stand for; bytes that are not UTF-8 are replaced
     */
    String detokenize(int[] tokens, boolean special);

    /**
     * Tells what a token adds to the text of an answer.
     *
     * @param token an id
     * @return its bytes, which may be a part of a code point; empty for a control token. Not to be changed
     */
    byte[] piece(int token);

    /**
     * Tells how a token is written, control tokens included.
     *
     * @param token an id
     * @return its bytes, which for a control token are those of its spelling. Not to be changed
     */
    byte[] spelling(int token);

    /**
     * Tells whether a model that samples a token has finished.
     *
     * @param token an id
     * @return whether it ends a generation
     */
    boolean isEndOfGeneration(int token);

    /** {@return every token that ends a generation} */
    int[] endOfGenerationTokens();

    /** {@return control tokens by the text that stands for them in chat templates} */
    Map<String, Integer> controlTokens();

    /** {@return the tokens for filling gaps, if the model has them} */
    Optional<InfillTokens> infill();

    /** {@return the token that begins a text, if the model's metadata want one} */
    OptionalInt beginOfSequence();
}
