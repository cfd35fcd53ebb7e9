package io.llamanode.engine.grammar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.account.Holding;
import io.llamanode.account.MemoryAccount;
import io.llamanode.account.NoRoomException;
import io.llamanode.engine.model.InfillTokens;
import io.llamanode.engine.model.Vocabulary;
import io.llamanode.engine.sampling.Grammar;
import io.llamanode.engine.sampling.SamplingException;
import io.llamanode.grammar.automaton.GrammarLimitException;
import io.llamanode.grammar.language.Language;
import io.llamanode.grammar.language.LanguageException;
import io.llamanode.grammar.rule.Patience;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;

/** A grammar lets those tokens through that keep to it, from where on it holds. */
class GrammarFilterTest {
    private static final List<String> PIECES = List.of("a", "b", "ab", "ba!", "<s>", "", "!", "\u00e9");
    private static final int CONTROL = 4;
    private static final int END = 5;

    private final Words vocabulary = new Words();
    private final Grammars grammars = new Grammars(vocabulary);

    private GrammarFilter filter(Grammar grammar) {
        BitSet forbidden = new BitSet();
        if (!grammar.controls().contains(CONTROL)) {
            forbidden.set(CONTROL);
        }
        return new GrammarFilter(grammars, grammar, null, vocabulary, forbidden);
    }

    private static String allowed(GrammarFilter filter) {
        float[] logits = new float[PIECES.size()];
        int left = filter.mask(logits);
        StringBuilder allowed = new StringBuilder();
        int count = 0;
        for (int token = 0; token < logits.length; token++) {
            assertEquals(logits[token] == 0, filter.allows(token), PIECES.get(token));
            if (logits[token] == 0) {
                allowed.append(token);
                count++;
            }
        }
        assertEquals(count, left);
        return allowed.toString();
    }

    @Test
    void tokensThatKeepToTheGrammarMayComeAndItsEndWhereItIsComplete() {
        GrammarFilter filter = filter(Grammar.strict(Language.gbnf("root ::= \"a\" \"ba\"* \"!\"?")));
        assertEquals("02", allowed(filter));
        filter.accept(0);
        assertEquals("1356", allowed(filter));
        filter.accept(1);
        assertEquals("02", allowed(filter));
        filter.accept(0);
        filter.accept(6);
        assertEquals("5", allowed(filter));
        filter.accept(END);
        assertEquals("5", allowed(filter));
    }

    @Test
    void aControlTokenComesOnlyWhereItIsAPartOfTheSyntax() {
        assertEquals("0167", allowed(filter(Grammar.strict(Language.gbnf("root ::= [^e]")))));
        assertEquals("", allowed(filter(Grammar.strict(Language.gbnf("root ::= \"<s>\" \"a\"")))));
        GrammarFilter filter = filter(new Grammar(Language.gbnf("root ::= \"<s>\" \"a\""), List.of(), Set.of(CONTROL)));
        assertEquals("4", allowed(filter));
        filter.accept(CONTROL);
        assertEquals("0", allowed(filter));
    }

    @Test
    void whatComesBeforeATriggerIsFree() {
        GrammarFilter filter = filter(new Grammar(Language.gbnf("root ::= \"a\" \"!\""), List.of("bb", "\u00e9b")));
        assertEquals("01234567", allowed(filter));
        filter.accept(1);
        // Of "b" then "ba!", the trigger is complete at the second, with "a!" behind it.
        assertEquals("01234567", allowed(filter));
        filter.accept(3);
        assertEquals("5", allowed(filter));
        GrammarFilter refusing = filter(new Grammar(Language.gbnf("root ::= \"!\""), List.of("bb")));
        refusing.accept(1);
        assertFalse(refusing.allows(3));
        assertTrue(refusing.allows(1));
        refusing.accept(1);
        assertEquals("6", allowed(refusing));
    }

    @Test
    void whatIsNoGrammarIsRefusedBeforeAnyTokenIsAskedFor() {
        assertThrows(LanguageException.class, () -> filter(Grammar.strict(Language.gbnf("root ::= \"a\"{3,2}"))));
        assertEquals(
                "no text keeps to it",
                assertThrows(
                                GrammarLimitException.class,
                                () -> filter(Grammar.strict(Language.gbnf("root ::= root \"a\""))))
                        .getMessage());
        String large = "root ::= \"" + "a".repeat(Grammars.MOST_NODES + 1) + "\"";
        assertThrows(GrammarLimitException.class, () -> filter(Grammar.strict(Language.gbnf(large))));
    }

    @Test
    void aByteThatCanBeReadInTooManyWaysFailsTheRequestAlone() {
        GrammarFilter filter =
                filter(Grammar.strict(Language.gbnf("root ::= ((\"a\"{1,500} \"b\"?){0,500} \"!\"?){0,500}")));
        assertThrows(SamplingException.class, () -> {
            for (int i = 0; i < 2_000; i++) {
                assertTrue(filter.allows(0));
                filter.accept(0);
            }
        });
        assertEquals("0", allowed(filter(Grammar.strict(Language.gbnf("root ::= \"a\"")))));
    }

    @Test
    void equalGrammarsShareWhatWasMadeAndTheFirstOwnerHoldsIt() {
        MemoryAccount account = new MemoryAccount(8 << 20, 0.5);
        Holding one = account.open(MemoryAccount.Kind.TASK, "one", "peer");
        Holding two = account.open(MemoryAccount.Kind.TASK, "two", "peer");
        Language language = Language.gbnf("root ::= \"a\"");
        Grammars.Use first = grammars.use(language, one);
        long held = account.held();
        assertTrue(held > 0);
        Grammars.Use second = grammars.use(language, two);
        assertSame(first.masks(), second.masks());
        assertEquals(held, account.held());
        first.close();
        first.close();
        assertEquals("two", account.balance().largest().getFirst().owner());
        second.close();
        assertEquals(0, account.held());
        assertEquals(held, account.balance().idle());
        Grammars.Use again = grammars.use(language, one);
        assertSame(first.masks(), again.masks());
        assertEquals(0, account.balance().idle());
        again.close();
    }

    @Test
    void whatNobodyUsesIsForgottenForOthersTheLongestUnusedFirst() {
        MemoryAccount account = new MemoryAccount(4 << 20, 0.5);
        Holding owner = account.open(MemoryAccount.Kind.TASK, "one", "peer");
        Language language = Language.gbnf("root ::= \"a\"");
        Object first = masks(language, owner);
        for (int i = 0; i < 300; i++) {
            masks(Language.gbnf("root ::= \"" + i + "\""), owner);
            // Used, so that others are forgotten.
            assertSame(first, masks(language, owner));
            assertTrue(account.balance().idle() <= (4 << 20) / 8);
        }
        try (Grammars.Use waiting = grammars.use(Language.gbnf("root ::= \"ab\""), owner)) {
            for (int i = 0; i < 300; i++) {
                masks(Language.gbnf("root ::= \"" + i + "\""), owner);
            }
            assertNotSame(first, masks(language, owner));
            assertSame(waiting.masks(), masks(Language.gbnf("root ::= \"ab\""), owner));
        }
        assertEquals(0, account.held());
    }

    @Test
    void aGrammarThatItsOwnerMayNotHoldIsRefused() {
        MemoryAccount account = new MemoryAccount(256 << 10, 0.5);
        Holding owner = account.open(MemoryAccount.Kind.TASK, "one", "peer");
        Language large = Language.gbnf("root ::= \"" + "a".repeat(5_000) + "\"");
        assertTrue(assertThrows(NoRoomException.class, () -> grammars.use(large, owner))
                .isForAnybody());
        List<Grammars.Use> uses = new ArrayList<>();
        NoRoomException full = assertThrows(NoRoomException.class, () -> {
            for (int i = 0; i < 1_000; i++) {
                uses.add(grammars.use(Language.gbnf("root ::= \"" + i + "\""), owner));
            }
        });
        assertFalse(full.isForAnybody());
        assertTrue(uses.size() > 3);
        uses.forEach(Grammars.Use::close);
        assertEquals(0, account.held());
    }

    private Object masks(Language language, Holding owner) {
        try (Grammars.Use use = grammars.use(language, owner)) {
            return use.masks();
        }
    }

    @Test
    void whatNobodyWaitsForIsNotMade() {
        String letters = "root ::= " + "\"abc\" [a-z]+ ".repeat(20_000);
        int[] asked = new int[1];
        assertThrows(
                CancellationException.class,
                () -> Patience.whileWanted(() -> ++asked[0] < 5, () -> grammars.use(Language.gbnf(letters), null)));
        assertEquals(5, asked[0]);
    }

    /** Tokens that are these texts. */
    private static final class Words implements Vocabulary {
        @Override
        public int size() {
            return PIECES.size();
        }

        @Override
        public int[] tokenize(String text, boolean addSpecial, boolean parseSpecial) {
            throw new UnsupportedOperationException();
        }

        @Override
        public String detokenize(int[] tokens, boolean special) {
            throw new UnsupportedOperationException();
        }

        @Override
        public byte[] piece(int token) {
            return token == CONTROL ? new byte[0] : spelling(token);
        }

        @Override
        public byte[] spelling(int token) {
            return PIECES.get(token).getBytes(StandardCharsets.UTF_8);
        }

        @Override
        public boolean isEndOfGeneration(int token) {
            return token == END;
        }

        @Override
        public int[] endOfGenerationTokens() {
            return new int[] {END};
        }

        @Override
        public Map<String, Integer> controlTokens() {
            return Map.of("<s>", CONTROL, "", END);
        }

        @Override
        public Optional<InfillTokens> infill() {
            return Optional.empty();
        }

        @Override
        public OptionalInt beginOfSequence() {
            return OptionalInt.empty();
        }
    }
}
