package io.llamanode.grammar.automaton;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.grammar.Matching;
import io.llamanode.grammar.rule.Arrangement;
import io.llamanode.grammar.rule.Expression;
import io.llamanode.grammar.rule.Grammar;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Members come in any order: every arrangement that is allowed is read, no other, and none is begun that can not end. */
class PermutationTest {
    private static final int ROUNDS = 400;
    private static final int LONGEST = 5;

    /** Slot i is spelled as the letter i. */
    private static Recognizer recognizer(Arrangement arrangement) {
        List<Expression> members = new ArrayList<>();
        for (int slot = 0; slot < arrangement.slots().size(); slot++) {
            members.add(new Expression.Text(Character.toString('a' + slot)));
        }
        Expression all = Expression.permutation(arrangement, members, new Expression.Text(","));
        Expression inside = Expression.sequence(new Expression.Text("{"), all, new Expression.Text("}"));
        return new Recognizer(Automaton.of(new Grammar("root", Map.of("root", inside)), 10_000), Limits.DEFAULT);
    }

    private static boolean isAllowed(Arrangement arrangement, List<Integer> slots) {
        Set<Integer> come = new HashSet<>();
        int met = 0;
        for (int slot : slots) {
            int member = arrangement.slots().get(slot).member();
            if (member != Arrangement.NO_MEMBER && !come.add(member)) {
                return false;
            }
            met |= arrangement.slots().get(slot).meets();
        }
        return (met & arrangement.wants()) == arrangement.wants()
                && arrangement.required().stream().allMatch(come::contains)
                && slots.size() >= arrangement.min()
                && (arrangement.max() == Expression.Repeat.NO_BOUND || slots.size() <= arrangement.max());
    }

    private static String text(List<Integer> slots) {
        List<String> letters =
                slots.stream().map(slot -> Character.toString('a' + slot)).toList();
        return "{" + String.join(",", letters) + "}";
    }

    private static Arrangement random(Random random) {
        List<Arrangement.Slot> slots = new ArrayList<>();
        int members = random.nextInt(4);
        for (int slot = 0; slot < 1 + random.nextInt(4); slot++) {
            int member = random.nextInt(4) == 0 || members == 0 ? Arrangement.NO_MEMBER : random.nextInt(members);
            slots.add(new Arrangement.Slot(member, random.nextInt(4)));
        }
        BitSet required = new BitSet();
        for (int member = 0; member < members; member++) {
            required.set(member, random.nextInt(3) == 0);
        }
        int min = random.nextInt(3);
        int max = random.nextBoolean() ? Expression.Repeat.NO_BOUND : min + random.nextInt(3);
        return new Arrangement(slots, required, random.nextInt(4), min, max);
    }

    @Test
    void everyArrangementThatIsAllowedIsReadAndNoOther() {
        Random random = new Random(17);
        for (int round = 0; round < ROUNDS; round++) {
            Arrangement arrangement = random(random);
            Recognizer recognizer = recognizer(arrangement);
            List<List<Integer>> open = new ArrayList<>(List.of(List.of()));
            Set<String> beginnings = new HashSet<>();
            while (!open.isEmpty()) {
                List<Integer> slots = open.removeLast();
                boolean allowed = isAllowed(arrangement, slots);
                assertEquals(allowed, Matching.accepts(recognizer, text(slots)), () -> text(slots) + " " + arrangement);
                if (allowed) {
                    for (int length = 0; length <= text(slots).length(); length++) {
                        beginnings.add(text(slots).substring(0, length));
                    }
                }
                for (int slot = 0; slot < arrangement.slots().size() && slots.size() < LONGEST; slot++) {
                    List<Integer> more = new ArrayList<>(slots);
                    more.add(slot);
                    open.add(more);
                }
            }
            noBeginningIsWithoutAnEnd(recognizer, beginnings, arrangement);
        }
    }

    /** Whatever is read of a short text is the beginning of one that is read to its end. */
    private static void noBeginningIsWithoutAnEnd(Recognizer recognizer, Set<String> beginnings, Arrangement all) {
        List<String> open = new ArrayList<>(List.of("{"));
        while (!open.isEmpty() && !beginnings.isEmpty()) {
            String text = open.removeLast();
            State state = recognizer.start();
            for (int i = 0; i < text.length() && state != null; i++) {
                state = recognizer.next(state, text.charAt(i));
            }
            if (state != null) {
                assertTrue(beginnings.contains(text), () -> text + " has no end by " + all);
                if (text.length() < LONGEST) {
                    "abcd,}".chars().forEach(letter -> open.add(text + (char) letter));
                }
            }
        }
    }

    @Test
    void membersMayBeAnyRuleAndStandInThemselves() {
        BitSet required = new BitSet();
        required.set(0);
        Arrangement arrangement = new Arrangement(
                List.of(new Arrangement.Slot(0, 0), new Arrangement.Slot(1, 0)),
                required,
                0,
                0,
                Expression.Repeat.NO_BOUND);
        Expression again = Expression.sequence(new Expression.Text("b"), new Expression.Reference("root"));
        Expression root = Expression.sequence(
                new Expression.Text("{"),
                Expression.permutation(arrangement, List.of(new Expression.Text("a"), again), new Expression.Text(",")),
                new Expression.Text("}"));
        Recognizer recognizer =
                new Recognizer(Automaton.of(new Grammar("root", Map.of("root", root)), 1_000), Limits.DEFAULT);
        for (String good : List.of("{a}", "{a,b{a}}", "{b{b{a},a},a}")) {
            assertTrue(Matching.accepts(recognizer, good), good);
        }
        for (String bad : List.of("{}", "{b{a}}", "{a,a}", "{a,}", "{,a}", "{b{b{a}},a}")) {
            assertTrue(!Matching.accepts(recognizer, bad), bad);
        }
    }
}
