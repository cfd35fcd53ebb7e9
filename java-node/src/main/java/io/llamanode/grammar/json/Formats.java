package io.llamanode.grammar.json;

import io.llamanode.grammar.regex.Regular;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The formats of strings that JSON schema names (draft 2020-12, section 7.3 of its validation), by the documents that it names
 * for them.
 *
 * <p>Never lets through what is not valid. Left out of what is valid: a leap second at an offset from UTC that is no multiple of
 * half an hour, and host names with labels that are reserved ({@code xn--} and the like), or with so many long labels that they
 * come near to 253 characters.
 *
 * <p>Never changes but for what it has computed: for any thread.
 */
public final class Formats {
    private static final Map<String, Supplier<Regular>> ALL = Map.ofEntries(
            Map.entry("date", TimeFormats::date),
            Map.entry("time", TimeFormats::time),
            Map.entry("date-time", TimeFormats::dateTime),
            Map.entry("duration", TimeFormats::duration),
            Map.entry("hostname", NetFormats::hostname),
            Map.entry("email", () -> NetFormats.email(false)),
            Map.entry("idn-email", () -> NetFormats.email(true)),
            Map.entry("ipv4", NetFormats::ipv4),
            Map.entry("ipv6", NetFormats::ipv6),
            Map.entry("uri", () -> UriFormats.uri(false)),
            Map.entry("uri-reference", () -> UriFormats.reference(false)),
            Map.entry("iri", () -> UriFormats.uri(true)),
            Map.entry("iri-reference", () -> UriFormats.reference(true)),
            Map.entry("uri-template", UriFormats::template),
            Map.entry("uuid", () -> Patterns.of("^[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$")),
            Map.entry("json-pointer", () -> Patterns.of("^(?:/(?:[^~/]|~[01])*)*$")),
            Map.entry("relative-json-pointer", () -> Patterns.of("^(?:0|[1-9]\\d*)(?:#|(?:/(?:[^~/]|~[01])*)*)$")));

    /** What JSON schema names, and is no regular language. */
    private static final Set<String> NOT_REGULAR = Set.of("regex", "idn-hostname");

    private static final Map<String, Regular> KNOWN = new ConcurrentHashMap<>();

    private Formats() {}

    /**
     * Finds a format.
     *
     * @param name as in {@code format}
     * @return the values that keep to it; {@code null} if the name is not known, or the format is not supported
     */
    public static @Nullable Regular of(String name) {
        Supplier<Regular> format = ALL.get(name);
        return format == null ? null : KNOWN.computeIfAbsent(name, _ -> format.get());
    }

    /**
     * Tells whether JSON schema names a format, so that another meaning can not be meant.
     *
     * @param name as in {@code format}
     * @return whether it does; the format may not be supported
     */
    public static boolean isStandard(String name) {
        return ALL.containsKey(name) || NOT_REGULAR.contains(name);
    }
}
