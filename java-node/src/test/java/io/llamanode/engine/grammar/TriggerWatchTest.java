package io.llamanode.engine.grammar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.llamanode.engine.sampling.Grammar;
import io.llamanode.engine.sampling.Quiet;
import io.llamanode.grammar.language.Language;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class TriggerWatchTest {
    private static final Language ANY = Language.gbnf("root ::= [a-z]*");

    private static TriggerWatch watch(@Nullable Quiet quiet) {
        return new TriggerWatch(new Grammar(ANY, List.of("<call>", "[C]"), Set.of(), quiet));
    }

    /** In pieces of any size, the same is found at the same place. */
    private static @Nullable String found(@Nullable Quiet quiet, String text) {
        String whole = watch(quiet).behind(text);
        Random random = new Random(5);
        for (int round = 0; round < 20; round++) {
            TriggerWatch watch = watch(quiet);
            String behind = null;
            int at = 0;
            while (behind == null && at < text.length()) {
                int end = Math.min(text.length(), at + 1 + random.nextInt(4));
                behind = watch.behind(text.substring(at, end));
                if (behind == null) {
                    watch.pass();
                } else {
                    behind += text.substring(end);
                }
                at = end;
            }
            assertEquals(whole, behind, text);
        }
        return whole;
    }

    @Test
    void theFirstTriggerCounts() {
        assertEquals("x<call>", found(null, "a<<call>x<call>"));
        assertEquals("", found(null, "<ca[C]"));
        assertNull(found(null, "<call[C"));
    }

    @Test
    void noneCountsInThoughtsAtTheBeginning() {
        Quiet thoughts = new Quiet("<think>", "</think>", false, false);
        assertEquals("y", found(thoughts, " \n<think>a<call>x</think>b<call>y"));
        assertEquals("x</think>", found(thoughts, "b<think><call>x</think>"));
        assertNull(found(thoughts, "<think>a<call>x"));
        assertEquals("y", found(thoughts, "<th<call>y"));
        assertEquals("y", found(new Quiet("<think>", "</think>", true, false), "<call>x</think><call>y"));
    }

    @Test
    void noneCountsInMessagesAnywhere() {
        Quiet message = new Quiet("<m>", "<e>", false, true);
        assertEquals("z", found(message, "h<m>a<call>x<e>h<m><call><e>h<call>z"));
        assertEquals("z<m>", found(message, "h<call>z<m>"));
    }

    @Test
    void emptyMarksAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> new Quiet("", "x", false, false));
        assertThrows(IllegalArgumentException.class, () -> new Quiet("x", "", false, false));
    }
}
