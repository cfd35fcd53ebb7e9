package io.llamanode.engine.sampling;

import java.util.List;
import java.util.Set;

/**
 * What an answer must keep to.
 *
 * <p>Immutable: any thread.
 *
 * @param gbnf a grammar in llama.cpp's notation, with a rule named {@code root}
 * @param triggers texts behind the first of which it holds, while what comes before is free; none: it holds from the
 *     beginning
 * @param controls control tokens that may come where the grammar has the text that spells them
 */
public record Grammar(String gbnf, List<String> triggers, Set<Integer> controls) {
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
     * A grammar without control tokens.
     *
     * @param gbnf a grammar in llama.cpp's notation, with a rule named {@code root}
     * @param triggers texts behind the first of which it holds; none: it holds from the beginning
     */
    public Grammar(String gbnf, List<String> triggers) {
        this(gbnf, triggers, Set.of());
    }

    /**
     * A grammar that nothing triggers.
     *
     * @param gbnf a grammar that holds from the beginning
     * @return it
     */
    public static Grammar strict(String gbnf) {
        return new Grammar(gbnf, List.of(), Set.of());
    }
}
