package io.llamanode.llama.functions;

import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.StructLayout;
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

    static Field integer(int offset, @Nullable Integer expected) {
        return new Field(offset, Type.INT, expected);
    }

    static Field real(int offset, double expected) {
        return new Field(offset, Type.FLOAT, expected);
    }

    static Field bool(int offset, boolean expected) {
        return new Field(offset, Type.BOOL, expected ? 1 : 0);
    }

    static Field pointer(int offset) {
        return new Field(offset, Type.POINTER, 0);
    }

    /**
     * The same with one field more.
     *
     * @param field its name
     * @param where the field, 8 bytes wide; the fields from its offset on move behind it
     * @return the longer table
     */
    StructTable inserted(String field, Field where) {
        Map<String, Field> moved = new LinkedHashMap<>();
        fields.forEach((other, at) -> moved.put(
                other,
                at.offset() < where.offset() ? at : new Field(at.offset() + Long.BYTES, at.type(), at.expected())));
        moved.put(field, where);
        return new StructTable(name, bytes + Long.BYTES, moved);
    }

    /**
     * What a default-parameters function is asked to return before its struct is known: room for more than any
     * release has. The callee is handed a pointer to it, as for every struct over 16 bytes.
     */
    static final StructLayout UNKNOWN =
            MemoryLayout.structLayout(MemoryLayout.sequenceLayout(128, ValueLayout.JAVA_LONG));

    /** In a {@link Struct}, stands for {@link #UNKNOWN}. */
    static final String ANY = "any";

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

    /** Passed by value. Only its size and alignment matter to the calling conventions: it is over 16 bytes. */
    StructLayout layout() {
        return MemoryLayout.structLayout(MemoryLayout.sequenceLayout(bytes / Long.BYTES, ValueLayout.JAVA_LONG));
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
     * Takes the struct out of the room it was returned into.
     *
     * @param room of {@link #marked}, at least as large
     * @return its first bytes, as many as the struct has
     */
    public MemorySegment of(MemorySegment room) {
        return room.asSlice(0, bytes);
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
