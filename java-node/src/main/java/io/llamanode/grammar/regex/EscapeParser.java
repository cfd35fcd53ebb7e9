package io.llamanode.grammar.regex;

import io.llamanode.grammar.rule.CodePoints;

/**
 * Reads the characters of a pattern, and what stands behind a backslash.
 *
 * <p>For one thread, and one pattern.
 */
final class EscapeParser {
    private static final int HEX = 16;

    private final String pattern;
    /** Where the pattern is read. */
    int at;
    /** The character that was read last; -1 if it was a set of several. */
    int single = -1;

    EscapeParser(String pattern) {
        this.pattern = pattern;
    }

    PatternException error(String what) {
        return errorAt(at, what);
    }

    PatternException errorAt(int place, String what) {
        return new PatternException("at character %d of '%s': %s".formatted(place + 1, shown(pattern), what));
    }

    private static String shown(String text) {
        int most = 100;
        return text.length() <= most ? text : text.substring(0, most) + "...";
    }

    boolean looksAt(String text) {
        return pattern.startsWith(text, at);
    }

    boolean skip(String text) {
        boolean there = looksAt(text);
        if (there) {
            at += text.length();
        }
        return there;
    }

    /** {@return a few characters that come next} */
    String rest(int most) {
        return pattern.substring(at, Math.min(pattern.length(), at + most));
    }

    int next() throws PatternException {
        if (at == pattern.length()) {
            throw error("the pattern ends too early");
        }
        int codePoint = pattern.codePointAt(at);
        at += Character.charCount(codePoint);
        return codePoint;
    }

    /** {@return one character; nothing if it is half of a surrogate pair, since no text has that} */
    CodePoints character(int codePoint) {
        single = codePoint;
        return CodePoints.of(codePoint);
    }

    /** Reads what stands behind a backslash. */
    CodePoints set(boolean inClass) throws PatternException {
        int start = at - 1;
        int codePoint = next();
        single = -1;
        return switch (codePoint) {
            case 'd' -> CharacterSets.DIGIT;
            case 'D' -> CharacterSets.DIGIT.not();
            case 'w' -> CharacterSets.WORD;
            case 'W' -> CharacterSets.WORD.not();
            case 's' -> CharacterSets.SPACE;
            case 'S' -> CharacterSets.SPACE.not();
            case 'p' -> property(start);
            case 'P' -> property(start).not();
            case 't' -> character('\t');
            case 'n' -> character('\n');
            case 'v' -> character('\u000b');
            case 'f' -> character('\f');
            case 'r' -> character('\r');
            case 'b' -> {
                if (!inClass) {
                    throw errorAt(start, "'\\b' can not be here");
                }
                yield character('\b');
            }
            case 'c' -> character(control(start));
            case 'x' -> character(hex(start, 2));
            case 'u' -> character(unicode(start));
            case '0' -> {
                if (at < pattern.length() && CharacterSets.DIGIT.contains(pattern.charAt(at))) {
                    throw errorAt(start, "an octal number is not supported");
                }
                yield character(0);
            }
            default -> character(identity(start, codePoint));
        };
    }

    private int identity(int start, int codePoint) throws PatternException {
        if (codePoint >= '1' && codePoint <= '9' || codePoint == 'k') {
            throw errorAt(start, "a reference back to a group is not supported");
        }
        if (CharacterSets.WORD.contains(codePoint) && codePoint != '_') {
            throw errorAt(start, "'\\%c' means nothing in ECMA-262".formatted(codePoint));
        }
        return codePoint;
    }

    private int control(int start) throws PatternException {
        int letter = next();
        if (letter > 'z' || !Character.isLetter(letter)) {
            throw errorAt(start, "'\\c' needs a letter");
        }
        return letter % 32;
    }

    private int unicode(int start) throws PatternException {
        if (skip("{")) {
            int end = pattern.indexOf('}', at);
            if (end <= at || end - at > 8) {
                throw errorAt(start, "'\\u{' needs a hexadecimal number and '}'");
            }
            int codePoint = hex(start, end - at);
            at++;
            if (!Character.isValidCodePoint(codePoint)) {
                throw errorAt(start, "there is no such code point");
            }
            return codePoint;
        }
        int unit = hex(start, 4);
        if (Character.isHighSurrogate((char) unit) && looksAt("\\u") && !looksAt("\\u{")) {
            int before = at;
            at += 2;
            int low = hex(start, 4);
            if (Character.isLowSurrogate((char) low)) {
                return Character.toCodePoint((char) unit, (char) low);
            }
            at = before;
        }
        return unit;
    }

    private int hex(int start, int digits) throws PatternException {
        int value = 0;
        for (int i = 0; i < digits; i++) {
            int digit = at < pattern.length() ? Character.digit(pattern.charAt(at), HEX) : -1;
            if (digit < 0 || pattern.charAt(at) > 'f' || value > Character.MAX_CODE_POINT) {
                throw errorAt(start, "a hexadecimal number is wanted here");
            }
            value = value * HEX + digit;
            at++;
        }
        return value;
    }

    private CodePoints property(int start) throws PatternException {
        int end = pattern.indexOf('}', at);
        if (!skip("{") || end < 0) {
            throw errorAt(start, "'\\p' needs a property in braces");
        }
        String name = pattern.substring(at, end);
        at = end + 1;
        CodePoints set = CharacterSets.property(name);
        if (set == null) {
            throw errorAt(start, "the property '%s' is not known".formatted(name));
        }
        single = -1;
        return set;
    }
}
