package io.llamanode.engine.llama;

import io.llamanode.engine.model.InfillTokens;
import io.llamanode.engine.model.Vocabulary;
import io.llamanode.llama.VocabType;
import io.llamanode.llama.model.Vocab;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * The vocabulary of a llama.cpp model.
 *
 * <p>Safe for use by any thread.
 */
public final class LlamaVocabulary implements Vocabulary {
    private final Vocab vocab;
    private final int[] endOfGeneration;
    private final Map<String, Integer> controls;

    /**
     * Reads the control tokens once, so that asking for them costs no native call.
     *
     * @param vocab of a model that stays open as long as this is used
     */
    public LlamaVocabulary(Vocab vocab) {
        this.vocab = vocab;
        this.endOfGeneration =
                IntStream.range(0, vocab.nTokens()).filter(vocab::isEog).toArray();
        Map<String, Integer> found = new HashMap<>();
        IntStream.range(0, vocab.type() == VocabType.NONE ? 0 : vocab.nTokens())
                .filter(vocab::isControl)
                .forEach(token -> found.putIfAbsent(vocab.text(token), token));
        this.controls = Map.copyOf(found);
    }

    @Override
    public int size() {
        return vocab.nTokens();
    }

    @Override
    public int[] tokenize(String text, boolean addSpecial, boolean parseSpecial) {
        return vocab.tokenize(text, addSpecial, parseSpecial);
    }

    @Override
    public String detokenize(int[] tokens, boolean special) {
        return new String(vocab.detokenize(tokens, special), StandardCharsets.UTF_8);
    }

    @Override
    public byte[] piece(int token) {
        return vocab.piece(token, false);
    }

    @Override
    public byte[] spelling(int token) {
        return vocab.piece(token, true);
    }

    @Override
    public boolean isEndOfGeneration(int token) {
        return vocab.isEog(token);
    }

    @Override
    public int[] endOfGenerationTokens() {
        return endOfGeneration.clone();
    }

    @Override
    public Map<String, Integer> controlTokens() {
        return controls;
    }

    @Override
    public Optional<InfillTokens> infill() {
        int prefix = vocab.fimPrefix();
        int suffix = vocab.fimSuffix();
        int middle = vocab.fimMiddle();
        return prefix == Vocab.NONE || suffix == Vocab.NONE || middle == Vocab.NONE
                ? Optional.empty()
                : Optional.of(new InfillTokens(
                        prefix, suffix, middle, optional(vocab.fimRepository()), optional(vocab.fimFile())));
    }

    private static OptionalInt optional(int token) {
        return token == Vocab.NONE ? OptionalInt.empty() : OptionalInt.of(token);
    }

    @Override
    public OptionalInt beginOfSequence() {
        return vocab.addBos() && vocab.bos() != Vocab.NONE ? OptionalInt.of(vocab.bos()) : OptionalInt.empty();
    }
}
