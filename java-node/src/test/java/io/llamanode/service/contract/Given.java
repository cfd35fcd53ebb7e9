package io.llamanode.service.contract;

import io.llamanode.service.contract.model.ModelConfig;
import io.llamanode.service.contract.task.GenerationOptions;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/** Makes records of many options, of which a test gives a few, by their names: the others are {@code null}, "not given". */
public final class Given {
    private Given() {}

    /** @param namesAndValues name of a component, its value, and so on */
    public static GenerationOptions options(Object... namesAndValues) {
        return of(GenerationOptions.class, namesAndValues);
    }

    /** @param namesAndValues name of a component, its value, and so on */
    public static ModelConfig model(Object... namesAndValues) {
        return of(ModelConfig.class, namesAndValues);
    }

    private static <R extends Record> R of(Class<R> type, Object... namesAndValues) {
        Map<String, Object> given = new HashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            given.put((String) namesAndValues[i], namesAndValues[i + 1]);
        }
        RecordComponent[] components = type.getRecordComponents();
        Object[] values = Arrays.stream(components)
                .map(component -> given.remove(component.getName()))
                .toArray();
        if (!given.isEmpty()) {
            throw new AssertionError(type.getSimpleName() + " has no " + given.keySet());
        }
        try {
            return type.getDeclaredConstructor(Arrays.stream(components)
                            .map(RecordComponent::getType)
                            .toArray(Class<?>[]::new))
                    .newInstance(values);
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }
}
