package io.llamanode.chat.jinja.render;

import io.llamanode.chat.jinja.LimitException;
import io.llamanode.chat.jinja.Mixed;
import io.llamanode.chat.jinja.Span;
import io.llamanode.chat.jinja.TemplateException;
import io.llamanode.chat.jinja.Trusted;
import io.llamanode.chat.jinja.value.Str;
import io.llamanode.chat.jinja.value.StrBuilder;
import io.llamanode.chat.jinja.value.Usage;
import io.llamanode.chat.jinja.value.Value;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Copies the caller's JSON-like values; their strings are untrusted unless marked {@link Trusted} or {@link Mixed}. */
public final class Conversion {
    private static final int MAX_DEPTH = 200;

    private final @Nullable Usage usage;

    Conversion(@Nullable Usage usage) {
        this.usage = usage;
    }

    Value convert(Object value, String path) {
        return convert(value, path, 0);
    }

    private Value convert(Object value, String path, int depth) {
        if (depth > MAX_DEPTH) {
            throw new LimitException("A template variable is nested deeper than " + MAX_DEPTH, 0);
        }
        Value converted = switch (value) {
            case null -> Value.NONE;
            case Trusted(String text) -> Str.trusted(text);
            case Mixed(List<Span> spans) -> mixed(spans);
            case CharSequence text -> Str.of(text.toString(), false);
            case Boolean flag -> Value.of(flag);
            case Long number -> new Value.Int(number);
            case Integer number -> new Value.Int(number);
            case Short number -> new Value.Int(number);
            case Byte number -> new Value.Int(number);
            case Double number -> new Value.Float(number);
            case Float number -> new Value.Float(number);
            // Python would keep every digit; a schema bound near 2^64 is all that is lost.
            case BigInteger number ->
                number.bitLength() < Long.SIZE
                        ? new Value.Int(number.longValue())
                        : new Value.Float(number.doubleValue());
            case BigDecimal number -> new Value.Float(number.doubleValue());
            case Map<?, ?> map -> dict(map, path, depth);
            case Iterable<?> list -> list(list, path, depth);
            default ->
                throw new TemplateException(
                        "A template variable cannot be a " + value.getClass().getName() + ": " + path, 0);
        };
        if (usage != null) {
            usage.name(converted, path);
        }
        return converted;
    }

    private static Value mixed(List<Span> spans) {
        StrBuilder builder = new StrBuilder(null);
        spans.forEach(span -> builder.append(span.text(), span.trusted()));
        return builder.build();
    }

    private Value dict(Map<?, ?> map, String path, int depth) {
        Map<Value, Value> entries = LinkedHashMap.newLinkedHashMap(map.size());
        map.forEach((key, value) ->
                entries.put(key(key, path), convert(value, usage == null ? "" : path + "." + key, depth + 1)));
        return new Value.Dict(entries);
    }

    private static Value key(Object key, String path) {
        return switch (key) {
            case CharSequence text -> Str.of(text.toString(), false);
            case Integer number -> new Value.Int(number);
            case Long number -> new Value.Int(number);
            case null, default -> throw new TemplateException("A key is not a string or integer: " + path, 0);
        };
    }

    private Value list(Iterable<?> list, String path, int depth) {
        List<Value> items = new ArrayList<>();
        for (Object item : list) {
            items.add(convert(item, usage == null ? "" : path + "[" + items.size() + "]", depth + 1));
        }
        return Value.Seq.list(items);
    }
}
