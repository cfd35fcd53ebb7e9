package io.llamanode.protocol;

import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.task.SamplerOptions;
import io.llamanode.service.contract.task.SamplerOptions.Name;
import io.llamanode.term.Shown;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The less common samplers of docs/protocol.md, section 2. */
final class SamplerDecoder {
    private static final int MAX = Integer.MAX_VALUE;
    private static final int MAX_BREAKERS = 64;
    /** llama.cpp cuts them there. */
    private static final int MAX_BREAKER_LENGTH = 40;

    private static final Map<String, Name> NAMES = new TreeMap<>();

    static {
        for (Name name : Name.values()) {
            NAMES.put(name.name().toLowerCase(Locale.ROOT), name);
        }
        NAMES.put("typical_p", Name.TYP_P);
    }

    private SamplerDecoder() {}

    /** {@return the options, or {@code null} if none is given} */
    static @Nullable SamplerOptions decode(Fields in) {
        InputValue typical = in.either("typical_p", "typ_p");
        var options = new SamplerOptions(
                names(in.get("samplers")),
                typical == null ? null : (Float) typical.real(0, 1, false),
                in.real("top_n_sigma", -1, 100),
                in.real("dynatemp_range", 0, 100),
                in.real("dynatemp_exponent", 0, 100),
                in.real("xtc_probability", 0, 1),
                in.real("xtc_threshold", 0, 1),
                in.real("dry_multiplier", 0, 100),
                in.real("dry_base", 1, 100),
                in.integer("dry_allowed_length", 0, MAX),
                in.integer("dry_penalty_last_n", -1, MAX),
                breakers(in.get("dry_sequence_breakers")),
                in.integer("mirostat", 0, 2),
                in.real("mirostat_tau", 0, 100),
                in.real("mirostat_eta", 0, 100));
        return options.equals(SamplerOptions.NONE) ? null : options;
    }

    private static @Nullable List<Name> names(@Nullable InputValue value) {
        if (value == null) {
            return null;
        }
        List<Name> names = new ArrayList<>();
        Set<Name> seen = new HashSet<>();
        for (InputValue item : value.list()) {
            Name name = item.isText() ? NAMES.get(item.text()) : null;
            if (name == null) {
                throw item.mustBe(Shown.oneOf(NAMES.keySet()));
            }
            if (!seen.add(name)) {
                throw FailureException.invalid(item.path() + ": " + item.text() + " is given twice");
            }
            names.add(name);
        }
        return List.copyOf(names);
    }

    private static @Nullable List<String> breakers(@Nullable InputValue value) {
        if (value == null) {
            return null;
        }
        List<InputValue> items = value.list();
        if (items.size() > MAX_BREAKERS) {
            throw FailureException.invalid(
                    value.path() + " must have at most " + MAX_BREAKERS + " texts, not " + items.size());
        }
        List<String> breakers = new ArrayList<>();
        for (InputValue item : items) {
            String text = item.nonEmptyText();
            if (text.length() > MAX_BREAKER_LENGTH || text.indexOf('\0') >= 0) {
                throw FailureException.invalid(
                        item.path() + " must have at most " + MAX_BREAKER_LENGTH + " characters, none of them NUL");
            }
            breakers.add(text);
        }
        return List.copyOf(breakers);
    }
}
