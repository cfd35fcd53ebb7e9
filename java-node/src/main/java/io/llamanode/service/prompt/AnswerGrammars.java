package io.llamanode.service.prompt;

import io.llamanode.chat.tools.AnswerFormat;
import io.llamanode.chat.tools.AnswerFormat.Start;
import io.llamanode.chat.tools.rules.ToolSchemas;
import io.llamanode.chat.tools.syntax.Reasoning;
import io.llamanode.chat.tools.text.JsonText;
import io.llamanode.engine.sampling.Grammar;
import io.llamanode.engine.sampling.Quiet;
import io.llamanode.grammar.language.Language;
import io.llamanode.service.contract.task.ChatOptions;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the answer to one chat must keep to, from its first token on: what comes in front of content and calls is known here, and in
 * the reader of the answer alike.
 */
final class AnswerGrammars {
    private static final Logger LOG = LoggerFactory.getLogger(AnswerGrammars.class);

    private final AnswerReader reader;
    private final AnswerFormat format;
    private final List<Map<String, Object>> tools;
    private final Start start;

    /**
     * @param reader of the answer
     * @param tools that may be called
     * @param mayReason whether the model may reason
     */
    AnswerGrammars(AnswerReader reader, List<Map<String, Object>> tools, boolean mayReason) {
        this.reader = reader;
        this.format = reader.format();
        this.tools = tools;
        this.start = new Start(reader.insideReasoning(), mayReason);
    }

    /**
     * {@return answers that are nothing but calls}
     *
     * @param only name of the tool that is called once, empty for any
     */
    Grammar calls(String only) {
        List<Map<String, Object>> callable = tools.stream()
                .filter(tool -> only.isEmpty() || only.equals(ChatOptions.name(tool)))
                .toList();
        int most = only.isEmpty() ? reader.maxCalls() : 1;
        return grammar(Language.rules(
                key("calls", callable, most), () -> format.calls(callable, start, most, ToolSchemas.strict())));
    }

    /**
     * {@return answers whose content keeps to a language, or that are calls}
     *
     * @param language of the content
     */
    Grammar keptTo(Language language) {
        int most = reader.maxCalls();
        // Where nothing marks a call, it could not be told from JSON of the caller's.
        List<Map<String, Object>> callable = format.marksCalls() ? tools : List.of();
        return grammar(Language.rules(
                key("content", callable, most) + language.key(),
                () -> format.constrained(language.rules(), callable, start, most, forgiving())));
    }

    /** {@return answers that may call tools, {@code null} if nothing tells a call from what else is said} */
    @Nullable
    Grammar lazy() {
        if (tools.isEmpty() || !format.marksCalls()) {
            return null;
        }
        int most = reader.maxCalls();
        Reasoning quiet = format.quiet();
        return new Grammar(
                Language.rules(key("lazy", tools, most), () -> format.behindTrigger(tools, most, forgiving())),
                format.triggers(),
                reader.spellings().keySet(),
                quiet == null
                        ? null
                        : new Quiet(quiet.open(), quiet.close(), start.insideReasoning(), format.quietAnywhere()));
    }

    private Grammar grammar(Language language) {
        return new Grammar(language, List.of(), reader.spellings().keySet());
    }

    private static ToolSchemas forgiving() {
        Set<String> told = new HashSet<>();
        return ToolSchemas.forgiving(what -> {
            if (told.add(what)) {
                LOG.info("Calls are not held to all of a tool's schema: {}", what);
            }
        });
    }

    /** Schemas by their texts: what else is said of a tool does not matter. */
    private String key(String kind, List<Map<String, Object>> callable, int most) {
        return "%s %d %s %s %s\n".formatted(kind, most, start, format.key(), JsonText.write(callable));
    }
}
