package io.llamanode.protocol;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Finds the name that another one was meant to be: one that is mistyped, or that another system has for it. For any thread. */
public final class CloseMatch {
    private static final int LONGEST = 40;
    private static final String FILE = "names.json";

    private CloseMatch() {}

    /** What names are called here; read when the first unknown name is met. */
    private static final class Elsewhere {
        static final Map<String, List<String>> NAMES = read();

        private Elsewhere() {}

        private static Map<String, List<String>> read() {
            try (InputStream in = Objects.requireNonNull(CloseMatch.class.getResourceAsStream(FILE), FILE)) {
                String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
                Map<String, List<String>> names = new HashMap<>();
                Objects.requireNonNull(InputValue.root(FILE, JsonReader.parse(FILE, text))
                                .entries()
                                .get("names"))
                        .entries()
                        .forEach((name, meant) -> names.put(name, texts(meant)));
                return Map.copyOf(names);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private static List<String> texts(InputValue value) {
            List<String> texts = new ArrayList<>();
            value.list().forEach(one -> texts.add(one.text()));
            return texts;
        }
    }

    /**
     * Looks for what a name was meant to be.
     *
     * @param name what was given
     * @param candidates what is known, in lower case with underscores
     * @return what is called so elsewhere, else the nearest candidate within two edits (one for short names), or
     *     {@code null}
     */
    public static @Nullable String of(String name, Collection<String> candidates) {
        if (name.length() > LONGEST) {
            return null;
        }
        String plain = plain(name);
        if (candidates.contains(plain)) {
            return plain;
        }
        for (String meant : Elsewhere.NAMES.getOrDefault(plain, List.of())) {
            if (candidates.contains(meant)) {
                return meant;
            }
        }
        String near = nearest(name, candidates);
        return near != null ? near : nearest(plain, candidates);
    }

    /** {@return a name without the marks of a flag, in lower case with underscores} */
    private static String plain(String name) {
        return name.replaceFirst("^-+", "")
                .replaceAll("(?<=[a-z0-9])(?=[A-Z])", "_")
                .replace('-', '_')
                .toLowerCase(Locale.ROOT);
    }

    private static @Nullable String nearest(String name, Collection<String> candidates) {
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
