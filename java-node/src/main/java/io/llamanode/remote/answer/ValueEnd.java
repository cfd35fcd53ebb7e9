package io.llamanode.remote.answer;

/**
 * Finds where a JSON object or array ends, in bytes that come in parts. It looks at brackets and quotes alone: whether all of it
 * is JSON is found when it is parsed.
 */
final class ValueEnd {
    private int depth;
    private boolean inText;
    private boolean escaped;

    /** Forgets what it has seen. */
    void reset() {
        depth = 0;
        inText = false;
        escaped = false;
    }

    /**
     * Looks at one byte more; the first one must open an object or array.
     *
     * @return whether the value ends with it
     */
    boolean endsAt(byte next) {
        if (escaped) {
            escaped = false;
        } else if (inText) {
            escaped = next == '\\';
            inText = next != '"';
        } else {
            switch (next) {
                case '"' -> inText = true;
                case '{', '[' -> depth++;
                case '}', ']' -> {
                    depth--;
                    return depth <= 0;
                }
                default -> {
                    // Within the value.
                }
            }
        }
        return false;
    }
}
