package io.llamanode.chat.jinja.value;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.chat.jinja.LimitException;
import io.llamanode.chat.jinja.Limits;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ValueTest {
    private static void same(Value left, Value right) {
        assertEquals(left, right);
        assertEquals(right, left);
        assertEquals(left.hashCode(), right.hashCode());
    }

    /** As keys of a dictionary they are one. */
    @Test
    void numbersThatCompareEqualAreEqual() {
        same(new Value.Int(1), new Value.Float(1));
        same(Value.TRUE, new Value.Int(1));
        same(Value.FALSE, new Value.Float(-0.0));
        same(new Value.Float(0.0), new Value.Float(-0.0));
        same(new Value.Int(0), new Value.Float(-0.0));
        same(new Value.Int(1L << 60), new Value.Float(0x1p60));
        assertNotEquals(new Value.Int(1), new Value.Int(2));
        assertNotEquals(new Value.Float(1), new Value.Float(1.5));
        assertNotEquals(Value.TRUE, Value.FALSE);
        assertFalse(new Value.Int(1).equals(Str.trusted("1")));
        assertFalse(new Value.Int(1).equals("1"));
        assertFalse(Value.FALSE.equals(Value.NONE));
        assertNotEquals(new Value.Int(5).hashCode(), new Value.Int(6).hashCode());
        assertNotEquals(Value.TRUE.hashCode(), Value.FALSE.hashCode());
        assertNotEquals(new Value.Float(1.5).hashCode(), new Value.Float(2.5).hashCode());
    }

    @Test
    void integersHaveAnOrder() {
        assertTrue(new Value.Int(1).compareTo(new Value.Int(2)) < 0);
        assertTrue(new Value.Int(2).compareTo(new Value.Int(1)) > 0);
        assertEquals(0, new Value.Int(2).compareTo(new Value.Int(2)));
    }

    @Test
    void containersAreMadeOfWhatIsGiven() {
        List<Value> items = new ArrayList<>(List.of(Value.NONE));
        assertSame(items, Value.Seq.list(items).items);
        assertFalse(Value.Seq.list(items).tuple);
        assertTrue(Value.Seq.tuple(Value.NONE, Value.TRUE).tuple);
        assertEquals(2, Value.Seq.tuple(Value.NONE, Value.TRUE).items.size());
        assertEquals(List.of("a"), Value.Seq.named(List.of("a"), Value.TRUE).names);
        assertTrue(Value.Seq.empty().items.isEmpty());
        Value.Dict dict = new Value.Dict();
        assertNull(dict.get("a"));
        dict.entries.put(Str.trusted("a"), Value.TRUE);
        assertSame(Value.TRUE, dict.get("a"));
        assertSame(Value.TRUE, Value.of(true));
        assertSame(Value.FALSE, Value.of(false));
    }

    @Test
    void onlyWhatCanBeReadHasAPath() {
        Usage usage = new Usage();
        Value.Seq inner = Value.Seq.list(List.of(Str.of("deep", false)));
        usage.name(inner.items.getFirst(), "d.k[0]");
        usage.name(inner, "d.k");
        Value.Dict dict = new Value.Dict(Map.of(Str.trusted("k"), inner));
        usage.name(dict, "d");
        Value number = new Value.Int(1);
        usage.name(number, "n");
        usage.used(number);
        usage.iterated(number);
        usage.usedDeep(number);
        usage.usedDeep(Value.Seq.list(List.of(dict)));
        assertEquals(Set.of(), usage.used());
        assertEquals(Set.of(), usage.iterated());
        usage.usedDeep(dict);
        assertEquals(Set.of("d", "d.k", "d.k[0]"), usage.used());
        usage.iterated(inner);
        assertEquals(Set.of("d.k"), usage.iterated());
    }

    @Test
    void everyThousandthStepLooksAtTheTime() {
        Limits limits = new Limits(1, 1, 1, 1_000_000, 1, 1, 1, Duration.ofNanos(1));
        Runtime runtime = new Runtime(limits, Clock.systemUTC(), null);
        runtime.at(7);
        runtime.steps(1023);
        LimitException error = assertThrows(LimitException.class, () -> runtime.steps(1));
        assertTrue(error.getMessage().contains("more than 0 ms"), error.getMessage());
        assertEquals(7, error.line());
        assertEquals(7, runtime.line());
        runtime.steps(1023);
        assertThrows(LimitException.class, () -> runtime.steps(1));
    }

    @Test
    void timeThatIsLeftIsNoError() {
        Limits limits = new Limits(1, 1, 1, 1_000_000, 1, 1, 1, Duration.ofDays(1));
        Runtime runtime = new Runtime(limits, Clock.systemUTC(), null);
        runtime.steps(900_000);
        runtime.steps(100_000);
        assertThrows(LimitException.class, () -> runtime.steps(1));
    }
}
