package io.llamanode.llama.model;

import java.text.Normalizer;

/**
 * Takes accents off letters, as the tokenizer of BERT does before it looks for pieces. llama.cpp does so by a table of
 * letters that are one with their accent: b4916 leaves alone those that come apart, and no release takes apart the
 * syllables of Hangul, whose letters are the pieces of a vocabulary.
 */
final class Accents {

    private static final int ASCII = 128;

    private Accents() {}

    /**
     * Takes a text apart (NFD) and leaves out what stands on its letters.
     *
     * @param text any text
     * @return the same without accents, and with syllables as their letters
     */
    static String without(String text) {
        if (text.chars().allMatch(c -> c < ASCII)) {
            return text;
        }
        StringBuilder plain = new StringBuilder(text.length());
        Normalizer.normalize(text, Normalizer.Form.NFD)
                .codePoints()
                .filter(c -> Character.getType(c) != Character.NON_SPACING_MARK)
                .forEach(plain::appendCodePoint);
        return plain.toString();
    }
}
