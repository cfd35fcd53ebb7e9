package io.llamanode.service.model;

import io.llamanode.gguf.GgufFile;
import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.SamplerOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How its makers want a model to be sampled: the metadata {@code general.sampling.*} of its file, by llama.cpp's names. A
 * value that no request could have is left out with a warning, so that a file that works elsewhere works here.
 */
final class FileSampling {
    private static final Logger LOG = LoggerFactory.getLogger(FileSampling.class);
    private static final String PREFIX = "general.sampling.";
    private static final int MAX = Integer.MAX_VALUE;

    private final GgufFile file;

    private FileSampling(GgufFile file) {
        this.file = file;
    }

    /**
     * @param file a header
     * @return what it says, which may be nothing
     */
    static GenerationOptions read(GgufFile file) {
        return new FileSampling(file).options();
    }

    private GenerationOptions options() {
        var samplers = new SamplerOptions(
                sequence(),
                null,
                null,
                null,
                null,
                real("xtc_probability", 0, 1),
                real("xtc_threshold", 0, 1),
                null,
                null,
                null,
                null,
                null,
                integer("mirostat", 0, 2),
                real("mirostat_tau", 0, 100),
                real("mirostat_eta", 0, 100));
        Float repeat = real("penalty_repeat", 0, 100);
        return new GenerationOptions(
                null,
                real("temp", 0, 100),
                integer("top_k", 0, MAX),
                real("top_p", 0, 1),
                real("min_p", 0, 1),
                repeat != null && repeat == 0 ? null : repeat,
                integer("penalty_last_n", -1, MAX),
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                samplers.equals(SamplerOptions.NONE) ? null : samplers,
                null,
                null,
                null,
                null,
                null);
    }

    private @Nullable Float real(String name, double min, double max) {
        OptionalDouble value = number(name);
        return value.isPresent() && within(name, value.getAsDouble(), min, max)
                ? (Float) (float) value.getAsDouble()
                : null;
    }

    private @Nullable Integer integer(String name, int min, int max) {
        OptionalDouble value = number(name);
        return value.isPresent() && within(name, value.getAsDouble(), min, max)
                ? (Integer) (int) value.getAsDouble()
                : null;
    }

    /** Converters write some of the numbers as integers and some as floats. */
    private OptionalDouble number(String name) {
        String key = PREFIX + name;
        return file.integer(key).isPresent()
                ? OptionalDouble.of((double) file.integer(key).getAsLong())
                : file.real(key);
    }

    private boolean within(String name, double value, double min, double max) {
        boolean within = value >= min && value <= max;
        if (!within) {
            LOG.warn(
                    "{}: {}{} is {}, which is not from {} to {}, and is passed over",
                    file.path(),
                    PREFIX,
                    name,
                    value,
                    min,
                    max);
        }
        return within;
    }

    /** Names with semicolons between them; one that is not known here takes no part, as in llama.cpp. */
    private @Nullable List<SamplerOptions.Name> sequence() {
        String text = file.text(PREFIX + "sequence").orElse("");
        List<SamplerOptions.Name> names = new ArrayList<>();
        for (String word : text.split(";", -1)) {
            String name = word.strip().toUpperCase(Locale.ROOT);
            SamplerOptions.Name known = switch (name) {
                case "PENALTIES", "DRY", "TOP_N_SIGMA", "TOP_K", "TOP_P", "MIN_P", "XTC", "TEMPERATURE", "TYP_P" ->
                    SamplerOptions.Name.valueOf(name);
                case "TYPICAL_P" -> SamplerOptions.Name.TYP_P;
                default -> null;
            };
            if (known == null && !name.isEmpty()) {
                LOG.warn("{}: {}sequence has '{}', which is not known here", file.path(), PREFIX, word.strip());
            } else if (known != null && !names.contains(known)) {
                names.add(known);
            }
        }
        return names.isEmpty() ? null : List.copyOf(names);
    }
}
