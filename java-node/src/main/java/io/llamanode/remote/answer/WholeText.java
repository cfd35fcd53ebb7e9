package io.llamanode.remote.answer;

/** Texts that come in parts, each of which is made to end with a whole code point. For one thread. */
final class WholeText {
    private static final char REPLACEMENT = '\uFFFD';

    /** The first half of a code point, or 0. */
    private char half;

    /** {@return what is whole by now; may be empty} */
    String take(String part) {
        if (half == 0 && !needsCare(part)) {
            return part;
        }
        StringBuilder whole = new StringBuilder(part.length() + 1);
        for (int i = 0; i < part.length(); i++) {
            take(part.charAt(i), whole);
        }
        return whole.toString();
    }

    private void take(char next, StringBuilder whole) {
        if (half != 0 && Character.isLowSurrogate(next)) {
            whole.append(half).append(next);
            half = 0;
            return;
        }
        if (half != 0) {
            whole.append(REPLACEMENT);
        }
        half = Character.isHighSurrogate(next) ? next : 0;
        if (half == 0) {
            whole.append(Character.isLowSurrogate(next) ? REPLACEMENT : next);
        }
    }

    /** {@return what stands for a half that stayed alone; may be empty} */
    String finish() {
        String rest = half == 0 ? "" : String.valueOf(REPLACEMENT);
        half = 0;
        return rest;
    }

    private static boolean needsCare(String part) {
        for (int i = 0; i < part.length(); i++) {
            if (Character.isSurrogate(part.charAt(i))) {
                return true;
            }
        }
        return false;
    }
}
