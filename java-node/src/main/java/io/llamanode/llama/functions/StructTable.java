package io.llamanode.llama.functions;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A parameter struct of llama.h as data: where its fields lie and what the library's default-parameters function must
 * say of them. Reading the defaults back is how a library with other structs is recognised before it can do harm.
 *
 * @param name name of the struct
 * @param bytes size of the struct, a multiple of 8
 * @param fields fields by name
 */
public record StructTable(String name, int bytes, Map<String, Field> fields) {

    /** Type of a field. */
    enum Type {
        INT,
        FLOAT,
        BOOL,
        POINTER
    }

    /**
     * A field.
     *
     * @param offset bytes from the start of the struct
     * @param type its type
     * @param expected its default; {@code null} when it says nothing
     */
    record Field(int offset, Type type, @Nullable Number expected) {}

    /**
     * Begins a table.
     *
     * @param name name of the struct
     * @return takes its fields in their order
     */
    static Builder of(String name) {
        return new Builder(name);
    }

    /** Puts fields one behind the other as a C compiler does: each at a multiple of its size. */
    static final class Builder {
        private final String name;
        private final Map<String, Field> fields = new LinkedHashMap<>();
        private int end;

        private Builder(String name) {
            this.name = name;
        }

        private Builder field(String field, Type type, int size, @Nullable Number expected) {
            int offset = (end + size - 1) / size * size;
            fields.put(field, new Field(offset, type, expected));
            end = offset + size;
            return this;
        }

        Builder integer(String field, @Nullable Integer expected) {
            return field(field, Type.INT, Integer.BYTES, expected);
        }

        Builder real(String field, double expected) {
            return field(field, Type.FLOAT, Float.BYTES, expected);
        }

        Builder bool(String field, boolean expected) {
            return field(field, Type.BOOL, 1, expected ? 1 : 0);
        }

        /** A pointer, which is null, or a {@code size_t}, which is 0. */
        Builder pointer(String field) {
            return field(field, Type.POINTER, Long.BYTES, 0);
        }

        /**
         * Ends the table.
         *
         * @param bytes what a C program says of the struct's size, since a forgotten field rarely leaves it as it is
         */
        StructTable ofBytes(int bytes) {
            int aligned = (end + Long.BYTES - 1) / Long.BYTES * Long.BYTES;
            if (aligned != bytes) {
                throw new IllegalArgumentException(
                        name + " has " + bytes + " bytes, but its fields come to " + aligned);
            }
            return new StructTable(name, bytes, fields);
        }
    }

    private static final byte UNTOUCHED = (byte) 0xA5;

    /**
     * Makes room for a returned struct in which it shows how far the callee wrote.
     *
     * @param arena how long the room lasts
     * @return makes rooms
     */
    public static SegmentAllocator marked(Arena arena) {
        return (size, alignment) -> arena.allocate(size, alignment).fill(UNTOUCHED);
    }

    /**
     * Compares a struct of defaults with what is expected.
     *
     * @param defaults what the library returned into {@linkplain #marked marked} room
     * @return the differences as readable text
     */
    public List<String> differences(MemorySegment defaults) {
        List<String> differences = new ArrayList<>();
        for (long i = bytes; i < defaults.byteSize(); i++) {
            if (defaults.get(ValueLayout.JAVA_BYTE, i) != UNTOUCHED) {
                differences.add(name + " has more than " + bytes + " bytes");
                break;
            }
        }
        fields.forEach((field, where) -> {
            Number actual = read(defaults, where);
            if (where.expected() != null
                    && actual.doubleValue() != where.expected().doubleValue()) {
                differences.add(name + "." + field + " is " + actual + " instead of " + where.expected());
            }
        });
        return differences;
    }

    private static Number read(MemorySegment struct, Field field) {
        return switch (field.type()) {
            case INT -> struct.get(ValueLayout.JAVA_INT, field.offset());
            case FLOAT -> struct.get(ValueLayout.JAVA_FLOAT, field.offset());
            case BOOL -> struct.get(ValueLayout.JAVA_BYTE, field.offset());
            case POINTER -> struct.get(ValueLayout.JAVA_LONG, field.offset());
        };
    }

    /**
     * Writes an {@code int32_t}, {@code uint32_t} or an enumeration.
     *
     * @param struct of this layout
     * @param field name of the field, as in llama.h
     * @param value 32 bits, with or without a sign
     * @throws IllegalArgumentException if there is no such field of this type
     */
    void setInt(MemorySegment struct, String field, int value) {
        struct.set(ValueLayout.JAVA_INT, at(field, Type.INT), value);
    }

    /**
     * Writes a {@code bool}.
     *
     * @param struct of this layout
     * @param field name of the field, as in llama.h
     * @param value the value
     * @throws IllegalArgumentException if there is no such field of this type
     */
    void setBool(MemorySegment struct, String field, boolean value) {
        struct.set(ValueLayout.JAVA_BYTE, at(field, Type.BOOL), (byte) (value ? 1 : 0));
    }

    /**
     * Writes a pointer, of data or of a function.
     *
     * @param struct of this layout
     * @param field name of the field, as in llama.h
     * @param value must live as long as the struct is used
     * @throws IllegalArgumentException if there is no such field of this type
     */
    public void setPointer(MemorySegment struct, String field, MemorySegment value) {
        struct.set(ValueLayout.ADDRESS, at(field, Type.POINTER), value);
    }

    private int at(String name, Type type) {
        Field field = fields.get(name);
        if (field == null || field.type() != type) {
            throw new IllegalArgumentException(this.name + " has no field " + name + " of type " + type);
        }
        return field.offset();
    }
}
