package io.llamanode.grammar.validity;

import io.llamanode.grammar.json.Formats;
import io.llamanode.grammar.regex.Membership;
import io.llamanode.grammar.regex.Pattern;
import io.llamanode.grammar.regex.PatternException;
import io.llamanode.grammar.regex.Regular;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Whether texts match patterns and formats. Never by backtracking: a pattern of a stranger takes no longer than another.
 *
 * <p>For one thread.
 */
final class Languages {
    /** Some tenths of a second at the very most. */
    private static final int MOST_WORK = 50_000;

    private final Budget budget;
    private final Membership membership = new Membership(MOST_WORK);
    private final Map<String, Regular> patterns = new HashMap<>();

    Languages(Budget budget) {
        this.budget = budget;
    }

    boolean matches(String pattern, String text) {
        budget.take(text.length());
        Regular known = patterns.get(pattern);
        if (known == null) {
            budget.take(100 + 10 * Math.min(pattern.length(), 1 << 20));
            try {
                known = Pattern.parse(pattern);
            } catch (PatternException e) {
                throw new UnjudgedException(String.valueOf(e.getMessage()));
            }
            patterns.put(pattern, known);
        }
        return membership.contains(known, text);
    }

    /** {@return whether a text keeps to a format; to one that nobody knows every one does} */
    boolean hasFormat(String format, String text) {
        @Nullable Regular language = Formats.of(format);
        if (language == null) {
            if (Formats.isStandard(format)) {
                throw new UnjudgedException("the format '%s' is not supported".formatted(format));
            }
            return true;
        }
        budget.take(text.length());
        return membership.contains(language, text);
    }
}
