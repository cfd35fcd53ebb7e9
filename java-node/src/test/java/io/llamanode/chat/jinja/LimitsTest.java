package io.llamanode.chat.jinja;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LimitsTest {
    private static Limits limits(int[] bounds, Duration time) {
        return new Limits(bounds[0], bounds[1], bounds[2], bounds[3], bounds[4], bounds[5], bounds[6], time);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6})
    void everyBoundIsPositive(int which) {
        int[] bounds = {1, 1, 1, 1, 1, 1, 1};
        assertDoesNotThrow(() -> limits(bounds, Duration.ofNanos(1)));
        bounds[which] = 0;
        assertThrows(IllegalArgumentException.class, () -> limits(bounds, Duration.ofNanos(1)));
    }

    @Test
    void theTimeIsPositive() {
        int[] bounds = {1, 1, 1, 1, 1, 1, 1};
        assertThrows(IllegalArgumentException.class, () -> limits(bounds, Duration.ZERO));
    }

    @Test
    void probesGetAPart() {
        assertEquals(
                new Limits(1 << 20, 100, 400, 200_000, 1 << 20, 8 << 20, 100_000, Duration.ofSeconds(5)),
                Limits.DEFAULT.forProbes());
        Limits tight = new Limits(1, 2, 3, 4, 5, 6, 7, Duration.ofMillis(8));
        assertEquals(tight, tight.forProbes());
    }

    @Test
    void aMixedStringCopiesItsParts() {
        List<Span> spans = new ArrayList<>(List.of(new Span("a", true)));
        Mixed mixed = new Mixed(spans);
        spans.clear();
        assertEquals(List.of(new Span("a", true)), mixed.spans());
    }

    @Test
    void anErrorNamesItsLineWhereItHasOne() {
        assertEquals("bad (template line 1)", new TemplateException("bad", 1).getMessage());
        assertEquals("bad", new TemplateException("bad", 0).getMessage());
        assertEquals(1, new TemplateException("bad", 1).line());
        assertEquals("no", new RaisedException("no", 3).raised());
        assertEquals(3, new LimitException("much", 3).line());
    }
}
