package io.llamanode.protocol;

import java.util.Collection;
import org.jspecify.annotations.Nullable;

/** Finds the name that a mistyped one was meant to be. */
final class CloseMatch {
    private static final int LONGEST = 40;

    private CloseMatch() {}

    /**
     * @param name what was given
     * @param candidates what is known
     * @return the nearest candidate within two edits (one for short names), or {@code null}
     */
    static @Nullable String of(String name, Collection<String> candidates) {
        if (name.length() > LONGEST) {
            return null;
        }
        String best = null;
        int least = name.length() < 5 ? 2 : 3;
        for (String candidate : candidates) {
            int edits = distance(name, candidate);
            if (edits < least) {
                least = edits;
                best = candidate;
            }
        }
        return best;
    }

    /** Edit distance with swapped neighbours as one edit (optimal string alignment). */
    private static int distance(String a, String b) {
        int[][] d = new int[a.length() + 1][b.length() + 1];
        for (int i = 0; i <= a.length(); i++) {
            for (int j = 0; j <= b.length(); j++) {
                if (i == 0 || j == 0) {
                    d[i][j] = i + j;
                    continue;
                }
                int change = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
                d[i][j] = Math.min(d[i - 1][j - 1] + change, Math.min(d[i - 1][j], d[i][j - 1]) + 1);
                if (i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1)) {
                    d[i][j] = Math.min(d[i][j], d[i - 2][j - 2] + 1);
                }
            }
        }
        return d[a.length()][b.length()];
    }
}
