package io.llamanode.engine.sampling;

import io.llamanode.grammar.language.Language;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What an answer must keep to.
 *
 * <p>Immutable: any thread.
 *
 * @param language of the answer, or of what comes behind a trigger
 * @param triggers texts behind the first of which it holds, while what comes before is free; none: it holds from the
 *     beginning
 * @param controls control tokens that may come where the grammar has the text that spells them
 * @param quiet in which no trigger counts, or {@code null}
 */
public record Grammar(
        Language language,
        List<String> triggers,
        Set<Integer> controls,
        @Nullable Quiet quiet) {
    /**
     * Refuses an empty trigger, which would be found everywhere.
     *
     * @throws IllegalArgumentException if there is one
     */
    public Grammar {
        triggers = List.copyOf(triggers);
        controls = Set.copyOf(controls);
        if (triggers.contains("")) {
            throw new IllegalArgumentException("empty trigger");
        }
    }

    /**
     * A grammar whose triggers count anywhere.
     *
     * @param language of the answer, or of what comes behind a trigger
     * @param triggers texts behind the first of which it holds; none: it holds from the beginning
     * @param controls control tokens that may come where the grammar has the text that spells them
     */
    public Grammar(Language language, List<String> triggers, Set<Integer> controls) {
        this(language, triggers, controls, null);
    }

    /**
     * A grammar without control tokens.
     *
     * @param language of what comes behind a trigger
     * @param triggers texts behind the first of which it holds; none: it holds from the beginning
     */
    public Grammar(Language language, List<String> triggers) {
        this(language, triggers, Set.of());
    }

    /**
     * A grammar that nothing triggers.
     *
     * @param language that holds from the beginning
     * @return it
     */
    public static Grammar strict(Language language) {
        return new Grammar(language, List.of(), Set.of());
    }
}
