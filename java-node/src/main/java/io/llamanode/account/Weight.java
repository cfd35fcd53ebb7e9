package io.llamanode.account;

import java.lang.reflect.Array;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.math.BigInteger;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a value takes on the heap, with everything that it is made of: texts, numbers, arrays, collections and records, as
 * requests and results are. About, and rather more than less: a reference counts 4 bytes, as on heaps of less than 32 GB,
 * and collections as those that a decoder fills. What is shared counts wherever it is found.
 *
 * <p>For any thread.
 */
public final class Weight {
    private static final int HEADER = 16;
    private static final int REFERENCE = 4;
    /** A text without its characters: the string and its array. */
    private static final int TEXT = 24 + HEADER;
    /** A list without its elements: itself, its array, and an unmodifiable view of it. */
    private static final int LIST = 24 + HEADER + 24;
    /** A map without its entries: itself, its table, and an unmodifiable view of it. */
    private static final int MAP = 56 + 80 + 32;
    /** An entry of a map that keeps its order, with its place in the table, which is up to a half empty. */
    private static final int ENTRY = 40 + 3 * REFERENCE;
    /** Of an array list, which has room for half as many elements more. */
    private static final int ELEMENT = REFERENCE + REFERENCE / 2;
    /** A large integer without its digits: itself and its array. */
    private static final int BIG = 40 + HEADER + Integer.BYTES;
    /** What is none of these. */
    private static final int OTHER = 64;

    private static final ClassValue<Method[]> COMPONENTS = new ClassValue<>() {
        @Override
        protected Method[] computeValue(Class<?> type) {
            return Stream.of(type.getRecordComponents())
                    .map(RecordComponent::getAccessor)
                    .peek(accessor -> accessor.setAccessible(true))
                    .toArray(Method[]::new);
        }
    };

    private Weight() {}

    /**
     * Weighs a value. Its length decides how long this takes.
     *
     * @param value of texts, numbers, arrays, collections and records; {@code null} weighs nothing
     * @return bytes
     */
    public static long of(@Nullable Object value) {
        return switch (value) {
            case null -> 0;
            case String text -> aligned(TEXT + characters(text));
            case Boolean _, Enum<?> _ -> 0;
            case Long _, Double _ -> 24;
            case BigInteger number -> BIG + number.bitLength() / Byte.SIZE;
            case Number _ -> 16;
            case byte[] bytes -> aligned(HEADER + (long) bytes.length);
            case int[] numbers -> aligned(HEADER + (long) Integer.BYTES * numbers.length);
            case float[] numbers -> aligned(HEADER + (long) Float.BYTES * numbers.length);
            case Collection<?> elements -> collection(elements);
            case Map<?, ?> map -> map(map);
            case Weighed weighed -> weighed.weight();
            case Record composed -> composed(composed);
            // The bytes that the system knows it by, and their text.
            case Path path -> OTHER + 2 * of(path.toString());
            case Object[] elements -> array(elements);
            default -> value.getClass().isArray() ? HEADER + (long) Long.BYTES * Array.getLength(value) : OTHER;
        };
    }

    private static long aligned(long bytes) {
        return bytes + 7 & ~7;
    }

    /** A string has a byte for each character as long as every one of them fits. */
    private static long characters(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) > 0xff) {
                return 2L * text.length();
            }
        }
        return text.length();
    }

    private static long collection(Collection<?> elements) {
        long sum = LIST + (long) ELEMENT * elements.size();
        for (Object element : elements) {
            sum += of(element);
        }
        return aligned(sum);
    }

    private static long array(Object[] elements) {
        long sum = HEADER + (long) REFERENCE * elements.length;
        for (Object element : elements) {
            sum += of(element);
        }
        return aligned(sum);
    }

    private static long map(Map<?, ?> map) {
        long sum = MAP + (long) ENTRY * map.size();
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            sum += of(entry.getKey()) + of(entry.getValue());
        }
        return aligned(sum);
    }

    private static long composed(Record composed) {
        long sum = HEADER;
        for (Method component : COMPONENTS.get(composed.getClass())) {
            sum += component.getReturnType().isPrimitive() ? Long.BYTES : REFERENCE + of(value(component, composed));
        }
        return aligned(sum);
    }

    private static @Nullable Object value(Method component, Record composed) {
        try {
            return component.invoke(composed);
        } catch (IllegalAccessException | InvocationTargetException e) {
            throw new IllegalStateException(component + " of a record", e);
        }
    }
}
