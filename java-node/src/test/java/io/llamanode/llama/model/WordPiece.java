package io.llamanode.llama.model;

import java.text.Normalizer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The reference tokenizer of uncased BERT models, as its authors published it: clean, split around CJK, lower case,
 * strip accents, split at white space and punctuation, then the longest pieces from the left, of words of at most 100
 * characters.
 */
final class WordPiece {

    private static final int LONGEST_WORD = 100;
    private static final String WORD_START = "\u2581";

    private final Map<String, Integer> pieces = new HashMap<>();
    private final int unknown;

    /** @param tokens as a GGUF file has them: a mark in front of what starts a word, none in front of what goes on */
    WordPiece(List<String> tokens) {
        for (int i = 0; i < tokens.size(); i++) {
            pieces.putIfAbsent(tokens.get(i), i);
        }
        unknown = pieces.get("[UNK]");
    }

    int[] tokenize(String text) {
        List<Integer> ids = new ArrayList<>();
        for (String word : words(text)) {
            word(word, ids);
        }
        return ids.stream().mapToInt(Integer::intValue).toArray();
    }

    private static List<String> words(String text) {
        StringBuilder clean = new StringBuilder();
        text.codePoints().forEach(c -> {
            if (c == 0 || c == 0xFFFD || isControl(c)) {
                return;
            }
            if (isWhite(c)) {
                clean.append(' ');
            } else if (isCjk(c)) {
                clean.append(' ').appendCodePoint(c).append(' ');
            } else {
                clean.appendCodePoint(c);
            }
        });
        String plain = Normalizer.normalize(clean.toString().toLowerCase(Locale.ROOT), Normalizer.Form.NFD);
        List<String> words = new ArrayList<>();
        StringBuilder word = new StringBuilder();
        plain.codePoints().forEach(c -> {
            if (Character.getType(c) == Character.NON_SPACING_MARK) {
                return;
            }
            if (c == ' ' || isPunctuation(c)) {
                if (!word.isEmpty()) {
                    words.add(word.toString());
                    word.setLength(0);
                }
                if (c != ' ') {
                    words.add(Character.toString(c));
                }
            } else {
                word.appendCodePoint(c);
            }
        });
        if (!word.isEmpty()) {
            words.add(word.toString());
        }
        return words;
    }

    private void word(String word, List<Integer> ids) {
        int[] points = word.codePoints().toArray();
        if (points.length > LONGEST_WORD) {
            ids.add(unknown);
            return;
        }
        List<Integer> found = new ArrayList<>();
        int start = 0;
        while (start < points.length) {
            Integer id = null;
            int end = points.length;
            for (; end > start && id == null; end--) {
                String piece = new String(points, start, end - start);
                id = pieces.get(start == 0 ? WORD_START + piece : piece);
            }
            if (id == null) {
                ids.add(unknown);
                return;
            }
            found.add(id);
            start = end + 1;
        }
        ids.addAll(found);
    }

    private static boolean isWhite(int c) {
        return c == ' ' || c == '\t' || c == '\n' || c == '\r' || isSeparator(c);
    }

    private static boolean isSeparator(int c) {
        int type = Character.getType(c);
        return type == Character.SPACE_SEPARATOR
                || type == Character.LINE_SEPARATOR
                || type == Character.PARAGRAPH_SEPARATOR;
    }

    private static boolean isControl(int c) {
        int type = Character.getType(c);
        return c != '\t' && c != '\n' && c != '\r' && (type == Character.CONTROL || type == Character.FORMAT);
    }

    private static boolean isPunctuation(int c) {
        boolean ascii = c >= 33 && c <= 47 || c >= 58 && c <= 64 || c >= 91 && c <= 96 || c >= 123 && c <= 126;
        return ascii
                || switch (Character.getType(c)) {
                    case Character.CONNECTOR_PUNCTUATION,
                            Character.DASH_PUNCTUATION,
                            Character.START_PUNCTUATION,
                            Character.END_PUNCTUATION,
                            Character.INITIAL_QUOTE_PUNCTUATION,
                            Character.FINAL_QUOTE_PUNCTUATION,
                            Character.OTHER_PUNCTUATION -> true;
                    default -> false;
                };
    }

    private static boolean isCjk(int c) {
        return c >= 0x4E00 && c <= 0x9FFF
                || c >= 0x3400 && c <= 0x4DBF
                || c >= 0x20000 && c <= 0x2A6DF
                || c >= 0x2A700 && c <= 0x2CEAF
                || c >= 0xF900 && c <= 0xFAFF
                || c >= 0x2F800 && c <= 0x2FA1F;
    }
}
