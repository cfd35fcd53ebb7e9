package io.llamanode.service.contract.task;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.llamanode.service.contract.Given;
import io.llamanode.service.contract.PrefixSharing;
import java.lang.reflect.Constructor;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What a task says goes first; what it does not say, its session says. */
class OptionsTest {
    private static final int TASK = 1;
    private static final int SESSION = 2;

    private static Stream<RecordComponent> generationOptions() {
        return Stream.of(GenerationOptions.class.getRecordComponents());
    }

    private static Stream<RecordComponent> samplerOptions() {
        return Stream.of(SamplerOptions.class.getRecordComponents());
    }

    private static Stream<RecordComponent> structureOptions() {
        return Stream.of(StructureOptions.class.getRecordComponents());
    }

    /** {@return options in which one is given, or all if none is named} */
    private static Record given(Class<? extends Record> type, RecordComponent only, int which) {
        RecordComponent[] components = type.getRecordComponents();
        Object[] values = Arrays.stream(components)
                .map(component -> only == null || component.equals(only) ? value(component.getType(), which) : null)
                .toArray();
        try {
            Constructor<? extends Record> constructor = type.getDeclaredConstructor(
                    Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new));
            return constructor.newInstance(values);
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }

    private static Object value(Class<?> type, int which) {
        return switch (type.getSimpleName()) {
            case "Integer" -> which;
            case "Long" -> (long) which;
            case "Float" -> (float) which;
            case "Boolean" -> which == TASK;
            case "List" -> List.of("" + which);
            case "Map" -> Map.of(which, (float) which);
            case "OutputFormat" -> new OutputFormat.Gbnf("" + which);
            case "PrefixSharing" -> which == TASK ? PrefixSharing.NONE : PrefixSharing.OWNER;
            case "StructureOptions" -> given(StructureOptions.class, null, which);
            case "SamplerOptions" -> given(SamplerOptions.class, null, which);
            default -> throw new AssertionError("no value of " + type);
        };
    }

    private static Object read(Record options, RecordComponent component) {
        try {
            return component.getAccessor().invoke(options);
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }

    @ParameterizedTest
    @MethodSource("generationOptions")
    void anOptionOfTheTaskGoesFirst(RecordComponent component) {
        GenerationOptions task = (GenerationOptions) given(GenerationOptions.class, component, TASK);
        GenerationOptions session = (GenerationOptions) given(GenerationOptions.class, null, SESSION);
        GenerationOptions both = task.orElse(session);
        generationOptions()
                .filter(other -> !isSeed(other) || !isSeed(component))
                .forEach(other -> {
                    int from = other.equals(component) ? TASK : SESSION;
                    assertEquals(value(other.getType(), from), read(both, other), other.getName());
                });
    }

    private static boolean isSeed(RecordComponent component) {
        return component.getName().equals("seed") || component.getName().equals("randomSeed");
    }

    @ParameterizedTest
    @MethodSource("samplerOptions")
    void aSamplerOfTheTaskGoesFirst(RecordComponent component) {
        SamplerOptions both = ((SamplerOptions) given(SamplerOptions.class, component, TASK))
                .orElse((SamplerOptions) given(SamplerOptions.class, null, SESSION));
        samplerOptions().forEach(other -> {
            int from = other.equals(component) ? TASK : SESSION;
            assertEquals(value(other.getType(), from), read(both, other), other.getName());
        });
    }

    @ParameterizedTest
    @MethodSource("structureOptions")
    void theFormOfAnAnswerIsSaidByTheTaskFirst(RecordComponent component) {
        StructureOptions both = ((StructureOptions) given(StructureOptions.class, component, TASK))
                .orElse((StructureOptions) given(StructureOptions.class, null, SESSION));
        structureOptions().forEach(other -> {
            int from = other.equals(component) ? TASK : SESSION;
            assertEquals(value(other.getType(), from), read(both, other), other.getName());
        });
    }

    @Test
    void whoSaysNothingGetsWhatTheOtherSays() {
        GenerationOptions all = (GenerationOptions) given(GenerationOptions.class, null, TASK);
        assertEquals(all, GenerationOptions.NONE.orElse(all));
        assertEquals(all, all.orElse(GenerationOptions.NONE));
        assertEquals(GenerationOptions.NONE, GenerationOptions.NONE.orElse(GenerationOptions.NONE));
    }

    @Test
    void samplersOfATaskAndItsSessionAreCombinedOneByOne() {
        SamplerOptions mine = new SamplerOptions(
                null, 0.5f, null, null, null, null, null, null, null, null, null, null, null, null, null);
        SamplerOptions theirs = new SamplerOptions(
                null, 0.9f, 2f, null, null, null, null, null, null, null, null, null, null, null, null);
        SamplerOptions both = with(mine).orElse(with(theirs)).samplers();
        assertEquals(0.5f, both.typicalP());
        assertEquals(2f, both.topNSigma());
        assertNull(both.mirostat());
    }

    private static GenerationOptions with(SamplerOptions samplers) {
        return Given.options("samplers", samplers);
    }

    /** A seed and the wish for another one each time exclude each other, whoever says which. */
    @Test
    void aSeedOfTheTaskReplacesTheWishForARandomOneAndTheOtherWayRound() {
        GenerationOptions fixed = seeded(7L, null);
        GenerationOptions random = seeded(null, true);
        assertEquals(fixed, fixed.orElse(random));
        assertEquals(random, random.orElse(fixed));
    }

    private static GenerationOptions seeded(Long seed, Boolean random) {
        return Given.options("seed", seed, "randomSeed", random);
    }
}
