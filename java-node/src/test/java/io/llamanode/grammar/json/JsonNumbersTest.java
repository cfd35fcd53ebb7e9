package io.llamanode.grammar.json;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.grammar.Matching;
import io.llamanode.grammar.automaton.GrammarLimitException;
import io.llamanode.grammar.rule.Expression;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** A number of JSON is accepted if it is in the range. */
class JsonNumbersTest {
    private static final String[] FACTORS = {
        "1", "2", "3", "5", "7", "10", "0.1", "0.01", "2.5", "0.25", "13.5", "1.5", "100"
    };

    private static final String[] NOT_FACTORS = {"1", "2", "0.1", "0.5", "5"};

    private static BigDecimal decimal(String text) {
        return new BigDecimal(text);
    }

    private static BigDecimal random(Random random) {
        BigDecimal number = BigDecimal.valueOf(random.nextInt(4001) - 2000L, random.nextInt(5) - 1);
        return random.nextInt(6) == 0 ? BigDecimal.ZERO : number;
    }

    private static NumberRange range(Random random) {
        NumberRange range = NumberRange.ANY;
        if (random.nextInt(4) != 0) {
            range = range.withMinimum(random(random), random.nextBoolean());
        }
        if (random.nextInt(4) != 0) {
            range = range.withMaximum(random(random), random.nextBoolean());
        }
        if (random.nextInt(2) != 0) {
            range = range.withMultipleOf(decimal(FACTORS[random.nextInt(FACTORS.length)]));
        }
        if (random.nextInt(4) == 0) {
            range = range.withNotMultipleOf(decimal(NOT_FACTORS[random.nextInt(NOT_FACTORS.length)]));
        }
        return range;
    }

    /** Numbers near the bounds, near zero, and anywhere. */
    private static List<BigDecimal> near(NumberRange range, Random random) {
        List<BigDecimal> all = new ArrayList<>();
        List<BigDecimal> bases = new ArrayList<>(List.of(BigDecimal.ZERO, random(random), random(random)));
        for (@Nullable BigDecimal bound : new @Nullable BigDecimal[] {range.minimum(), range.maximum()}) {
            if (bound != null) {
                bases.add(bound);
            }
        }
        for (BigDecimal base : bases) {
            all.add(base);
            for (String step : List.of("1", "0.1", "0.001", "10", "0.5")) {
                all.add(base.add(decimal(step)));
                all.add(base.subtract(decimal(step)));
            }
            BigDecimal factor = range.multipleOf();
            if (factor != null) {
                BigDecimal multiple = base.subtract(base.remainder(factor));
                all.addAll(List.of(multiple, multiple.add(factor), multiple.subtract(factor)));
            }
        }
        return all;
    }

    /** One spelling of an integer, where there are no others than integers; none has another value than before. */
    @Test
    void anIntegerIsSpelledPlainlyWhereThatIsAsked() {
        Random random = new Random(12);
        for (int i = 0; i < 600; i++) {
            NumberRange range = range(random);
            BigDecimal factor = range.multipleOf();
            boolean integers = factor != null && factor.stripTrailingZeros().scale() <= 0;
            Matching matching = new Matching(JsonNumbers.plain(range, integers));
            for (BigDecimal number : near(range, random)) {
                String plain =
                        number.signum() == 0 ? "0" : number.stripTrailingZeros().toPlainString();
                assertEquals(range.contains(number), matching.accepts(plain), () -> range + ": " + plain);
                for (String other : List.of(plain + ".0", plain + "e0")) {
                    assertFalse(integers && matching.accepts(other), () -> range + ": " + other);
                }
            }
        }
        Matching only = new Matching(JsonNumbers.plain(NumberRange.of(decimal("2.50")), false));
        assertTrue(only.accepts("2.5"));
        assertFalse(only.accepts("2.50"));
    }

    @Test
    void plainNumbersAreAcceptedIfTheyAreInTheRange() {
        Random random = new Random(11);
        int accepted = 0;
        int all = 0;
        for (int i = 0; i < 1500; i++) {
            NumberRange range = range(random);
            Matching matching = new Matching(JsonNumbers.expression(range));
            for (BigDecimal number : near(range, random)) {
                boolean expected = range.contains(number);
                String plain =
                        number.signum() == 0 ? "0" : number.stripTrailingZeros().toPlainString();
                assertEquals(expected, matching.accepts(plain), () -> range + ": " + plain);
                all++;
                accepted += expected ? 1 : 0;
            }
        }
        assertTrue(accepted > all / 10 && accepted < all * 9 / 10, accepted + " of " + all);
    }

    @Test
    void whatIsWrittenWithAnExponentIsAcceptedOnlyIfItIsInTheRange() {
        Random random = new Random(12);
        for (int i = 0; i < 800; i++) {
            NumberRange range = range(random);
            Matching matching = new Matching(JsonNumbers.expression(range));
            BigDecimal factor = range.multipleOf();
            for (BigDecimal number : near(range, random)) {
                String text = "%.3e".formatted(number);
                BigDecimal value = decimal(text);
                boolean expected = range.contains(value);
                boolean accepted = matching.accepts(text);
                assertTrue(expected || !accepted, () -> range + ": " + text);
                if (factor == null && range.notMultiplesOf().isEmpty() && value.signum() != 0) {
                    assertEquals(expected, accepted, () -> range + ": " + text);
                }
            }
        }
    }

    @Test
    void doublesAreAcceptedAsTheyAreWritten() {
        Random random = new Random(13);
        NumberRange large = NumberRange.ANY.withMinimum(decimal("-2.5"), false).withMaximum(decimal("1e300"), true);
        Matching bounded = new Matching(JsonNumbers.expression(large));
        Matching any = new Matching(JsonNumbers.expression(NumberRange.ANY));
        Matching positive = new Matching(JsonNumbers.expression(NumberRange.ANY.withMinimum(BigDecimal.ZERO, true)));
        for (int i = 0; i < 3000; i++) {
            double value = Double.longBitsToDouble(random.nextLong());
            if (Double.isNaN(value) || Double.isInfinite(value)) {
                continue;
            }
            String text = Double.toString(value);
            assertTrue(any.accepts(text), text);
            assertEquals(large.contains(decimal(text)), bounded.accepts(text), text);
            assertEquals(value > 0, positive.accepts(text), text);
        }
    }

    @Test
    void numbersThatAreNoMultiplesAreAccepted() {
        Matching fractions = new Matching(JsonNumbers.expression(NumberRange.ANY.withNotMultipleOf(BigDecimal.ONE)));
        for (String good : List.of("0.5", "-1.25", "10.01", "3.0001")) {
            assertTrue(fractions.accepts(good), good);
        }
        for (String bad : List.of("0", "-0", "1", "1.0", "-7.000", "1e3", "0.0")) {
            assertTrue(!fractions.accepts(bad), bad);
        }
        NumberRange odd = NumberRange.INTEGER.withNotMultipleOf(decimal("2"));
        assertEquals(
                List.of(
                        NumberRange.ANY.withNotMultipleOf(BigDecimal.ONE),
                        NumberRange.ANY.withMultipleOf(decimal("2"))),
                odd.not());
        assertTrue(NumberRange.INTEGER.covers(odd) && !odd.covers(NumberRange.INTEGER));
    }

    @Test
    void onlyNumbersOfJsonAreAccepted() {
        for (NumberRange range :
                List.of(NumberRange.ANY, NumberRange.INTEGER, NumberRange.ANY.withMinimum(decimal("-5"), false))) {
            Matching matching = new Matching(JsonNumbers.expression(range));
            for (String good : List.of("0", "-0", "1", "10", "-1", "0.0", "1.0", "1e2", "1E+2", "1.5e1")) {
                assertTrue(matching.accepts(good), range + ": " + good);
            }
            for (String bad : List.of(
                    "", "-", "+1", "01", "00", ".5", "1.", "1e", "1e+", "--1", "1.e1", " 1", "1 ", "0x1", "NaN",
                    "1,0")) {
                assertTrue(!matching.accepts(bad), range + ": " + bad);
            }
        }
    }

    @Test
    void integersMayHaveOneZeroBehindThePoint() {
        Matching integers = new Matching(JsonNumbers.expression(NumberRange.INTEGER));
        for (String good : List.of("1.0", "-7.0", "12345678901234567890123", "1e16", "1.5E+16", "1.0E10")) {
            assertTrue(integers.accepts(good), good);
        }
        for (String bad : List.of("1.5", "1.00", "1.05e1", "1e-1", "0.1")) {
            assertTrue(!integers.accepts(bad), bad);
        }
    }

    @Test
    void aRangeWithoutNumbersIsNothing() {
        NumberRange none =
                NumberRange.INTEGER.withMinimum(decimal("1.2"), false).withMaximum(decimal("1.8"), false);
        assertEquals(Expression.NOTHING, JsonNumbers.expression(none));
        NumberRange crossed = NumberRange.ANY.withMinimum(decimal("3"), true).withMaximum(decimal("3"), false);
        assertEquals(Expression.NOTHING, JsonNumbers.expression(crossed));
    }

    @Test
    void rangesMeet() {
        NumberRange six = NumberRange.ANY.withMultipleOf(decimal("2")).withMultipleOf(decimal("3"));
        assertEquals(NumberRange.ANY.withMultipleOf(decimal("6.0")), six);
        NumberRange three = NumberRange.INTEGER.and(NumberRange.ANY.withMultipleOf(decimal("1.5")));
        assertEquals(NumberRange.ANY.withMultipleOf(decimal("3")), three);
        NumberRange both = NumberRange.ANY
                .withMinimum(BigDecimal.ONE, false)
                .and(NumberRange.ANY.withMinimum(decimal("1.0"), true).withMaximum(BigDecimal.TEN, false));
        assertEquals(new NumberRange(BigDecimal.ONE, true, BigDecimal.TEN, false, null, Set.of()), both);
        assertThrows(IllegalArgumentException.class, () -> NumberRange.ANY.withMultipleOf(BigDecimal.ZERO));
    }

    @Test
    void whatTakesTooMuchIsRefused() {
        assertThrows(
                GrammarLimitException.class,
                () -> JsonNumbers.expression(NumberRange.ANY.withMultipleOf(decimal("0.123456789"))));
        assertThrows(
                GrammarLimitException.class,
                () -> JsonNumbers.expression(NumberRange.ANY.withMaximum(decimal("1e999999999"), false)));
        assertThrows(GrammarLimitException.class, () -> NumberRange.INTEGER.withMultipleOf(decimal("1e-999999999")));
        assertThrows(GrammarLimitException.class, () -> JsonNumbers.literal(decimal("1e999999999")));
    }

    @Test
    void aLiteralIsAcceptedAsItsValueIsWritten() {
        check("1", List.of("1", "1.0"), List.of("1.1", "10", "-1"));
        check("1.50", List.of("1.5"), List.of("1.05", "15"));
        check("0", List.of("0", "0.0", "-0", "-0.0"), List.of("00", "1"));
        check("1e16", List.of("10000000000000000", "10000000000000000.0", "1e16", "1e+16", "1.0E16"), List.of("1e17"));
        check("-1.5e-7", List.of("-1.5e-07", "-1.5E-7", "-0.00000015"), List.of("-1.5e07"));
    }

    private static void check(String number, List<String> good, List<String> bad) {
        Matching matching = new Matching(JsonNumbers.literal(decimal(number)));
        good.forEach(text -> assertTrue(matching.accepts(text), text));
        bad.forEach(text -> assertTrue(!matching.accepts(text), text));
    }
}
