package io.llamanode.service.contract;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A value that is in force, and where it comes from.
 *
 * <p>Never changes: for any thread.
 *
 * @param value a text, a number, a boolean, a {@link Word}, or a list or a map of these
 * @param from who gave it
 */
public record Setting(Object value, Origin from) {
    /**
     * An atom on the wire.
     *
     * @param name lower case
     */
    public record Word(String name) {
        @Override
        public String toString() {
            return name;
        }
    }

    /**
     * {@return what is in force, where some of it was given}
     *
     * @param inForce all values, each with where it comes from if nobody gave it
     * @param given what was given
     * @param from where each of these was
     */
    public static Map<String, Setting> told(
            Map<String, Setting> inForce, Map<String, Object> given, Map<String, Origin> from) {
        Map<String, Setting> told = new LinkedHashMap<>(inForce);
        from.forEach((key, origin) -> told.computeIfPresent(
                key,
                (_, setting) ->
                        new Setting(setting.value(), setting.value().equals(given.get(key)) ? origin : Origin.AUTO)));
        return told;
    }
}
