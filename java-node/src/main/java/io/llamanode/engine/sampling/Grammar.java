package io.llamanode.engine.sampling;

import java.util.List;

/**
 * What an answer must keep to.
 *
 * @param gbnf a grammar in llama.cpp's notation, with a rule named {@code root}
 * @param triggers texts behind the first of which it holds, while what comes before is free; none: it holds from the
 *     beginning
 */
public record Grammar(String gbnf, List<String> triggers) {
    /** Refuses an empty trigger, which would be found everywhere. */
    public Grammar {
        triggers = List.copyOf(triggers);
        if (triggers.contains("")) {
            throw new IllegalArgumentException("empty trigger");
        }
    }

    /**
     * @param gbnf a grammar that holds from the beginning
     * @return it
     */
    public static Grammar strict(String gbnf) {
        return new Grammar(gbnf, List.of());
    }
}
