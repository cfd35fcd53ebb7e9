package io.llamanode.chat.tools;

import io.llamanode.chat.tools.AnswerFormat.Kind;
import io.llamanode.chat.tools.AnswerFormat.Rendering;
import io.llamanode.chat.tools.AnswerFormat.Written;
import io.llamanode.chat.tools.answer.ToolCall;
import io.llamanode.chat.tools.machine.HarmonyMachine;
import io.llamanode.chat.tools.machine.RecipientMachine;
import io.llamanode.chat.tools.syntax.CallSyntax;
import io.llamanode.chat.tools.syntax.CallSyntaxes;
import io.llamanode.chat.tools.syntax.Reasoning;
import io.llamanode.chat.tools.text.JsonText;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Finds a template's format. The template renders an answer with a known call; the syntax whose parser gets exactly
 * that call back from the text is the template's. A template that leaves calls out may still mention a syntax.
 */
final class FormatDetection {
    private static final String QUESTION = "question4f1d";
    private static final String TOOL = "tool8b2e";
    private static final String OTHER_TOOL = "tool3c7a";
    private static final String SAID = "said2c9f";
    private static final String RESULT = "result0b5c";
    private static final Map<String, Object> ARGUMENTS = Map.of(ProbeMessages.ARGUMENT, "value6d90");
    static final String SOLAR_TURN = "<|begin|>assistant";
    private static final List<String> SOLAR_NOISE = List.of("<|content|>", "<|end|>", SOLAR_TURN);

    private final String source;
    private final Rendering rendering;

    FormatDetection(String source, Rendering rendering) {
        this.source = source;
        this.rendering = rendering;
    }

    AnswerFormat detect() {
        Reasoning reasoning = Reasoning.ALL.stream()
                .filter(pair -> pair.isIn(source))
                .findFirst()
                .orElse(null);
        AnswerFormat shown = reading(renderedCalls(null, false, TOOL), reasoning, true);
        if (shown != null) {
            return shown;
        }
        // A template that is particular about such an answer may show its syntax all the same; calls are written for
        // it.
        for (String content : List.of("", SAID)) {
            for (boolean json : List.of(false, true)) {
                AnswerFormat spelled = reading(renderedCalls(content, json, TOOL), reasoning, false);
                if (spelled != null) {
                    return spelled;
                }
            }
        }
        return marked(reasoning, mentioned(), written(false));
    }

    /** {@return the first format that reads the call back, {@code null} if there is none} */
    private @Nullable AnswerFormat reading(String call, @Nullable Reasoning reasoning, boolean calls) {
        if (call.isEmpty()) {
            return null;
        }
        for (Kind kind : List.of(Kind.HARMONY, Kind.RECIPIENT)) {
            // Calls of these are never put into the text of messages.
            if (calls && isMentioned(kind) && reads(new AnswerFormat(kind, null, null, List.of(), Written.ALL), call)) {
                return new AnswerFormat(kind, null, null, List.of(), written(true));
            }
        }
        List<CallSyntax> fitting = CallSyntaxes.ALL.stream()
                .filter(syntax -> reads(marked(reasoning, syntax, Written.ALL), call))
                .toList();
        // A reader does without the mark behind calls: one that is there, or is none, fits better.
        return fitting.stream()
                .filter(syntax -> !syntax.bare() && call.contains(syntax.close()))
                .findFirst()
                .or(() -> fitting.stream().findFirst())
                .map(syntax -> marked(reasoning, syntax, written(calls)))
                .orElse(null);
    }

    /** Tries what the template writes itself. */
    private Written written(boolean calls) {
        List<Map<String, Object>> messages = new ArrayList<>(List.of(ProbeMessages.message("user", QUESTION)));
        boolean tools = rendering.render(messages, tools(), true).orElse("").contains(TOOL);
        messages.add(
                calls
                        ? ProbeMessages.answer(null, List.of(ProbeMessages.call(1, TOOL, ARGUMENTS)))
                        : ProbeMessages.message("assistant", "Wait."));
        Map<String, Object> result = ProbeMessages.result(1, RESULT);
        result.put("name", TOOL);
        messages.add(result);
        boolean results = rendering.render(messages, tools(), true).orElse("").contains(RESULT);
        boolean parallel = renderedCalls(null, false, TOOL, OTHER_TOOL).contains(OTHER_TOOL);
        return new Written(tools, calls, results, parallel);
    }

    private AnswerFormat marked(@Nullable Reasoning reasoning, CallSyntax syntax, Written written) {
        List<String> noise = new ArrayList<>();
        if (source.contains(SOLAR_TURN) && source.contains("<|content|>")) {
            noise.addAll(SOLAR_NOISE);
        }
        for (String wrapper : List.of(
                "<|START_RESPONSE|>", "<|END_RESPONSE|>", "<|START_TEXT|>", "<|END_TEXT|>", "<|message_sep|>")) {
            if (source.contains(wrapper)) {
                noise.add(wrapper);
            }
        }
        if (reasoning != null) {
            noise.remove(reasoning.open());
        }
        return new AnswerFormat(Kind.MARKED, reasoning, syntax, List.copyOf(noise), written);
    }

    private boolean isMentioned(Kind kind) {
        return kind == Kind.HARMONY
                ? source.contains(HarmonyMachine.CHANNEL) && source.contains(HarmonyMachine.MESSAGE)
                : source.contains(RecipientMachine.NEXT);
    }

    /** The syntax that a template tells the model of, though it does not write calls itself. */
    private CallSyntax mentioned() {
        String prompt = rendering
                        .render(List.of(ProbeMessages.message("user", QUESTION)), tools(), true)
                        .orElse("")
                + source;
        return CallSyntaxes.mentioned(prompt);
    }

    private static boolean reads(AnswerFormat format, String text) {
        AnswerParser parser = format.strictParser(tools());
        parser.push(text);
        parser.finish();
        List<ToolCall> calls = parser.answer().calls();
        return calls.size() == 1
                && calls.getFirst().name().equals(TOOL)
                && calls.getFirst().arguments().equals(ARGUMENTS);
    }

    /**
     * What the template writes for an answer of calls; empty if it does not write them.
     *
     * @param content what the answer says beside
     * @param json whether the arguments are text that holds JSON
     */
    private String renderedCalls(@Nullable String content, boolean json, String... names) {
        List<Map<String, Object>> calls = new ArrayList<>();
        for (String name : names) {
            Object arguments = json ? JsonText.write(ARGUMENTS) : ARGUMENTS;
            calls.add(ProbeMessages.call(calls.size() + 1, name, arguments));
        }
        List<Map<String, Object>> question = List.of(ProbeMessages.message("user", QUESTION));
        List<Map<String, Object>> answered = List.of(question.getFirst(), ProbeMessages.answer(content, calls));
        String prompt = rendering.render(question, tools(), true).orElse("");
        String rendered = rendering.render(answered, tools(), false).orElse("");
        int from = rendered.lastIndexOf(QUESTION);
        if (from < 0 || !rendered.substring(from).contains(TOOL)) {
            return "";
        }
        String before = prompt.substring(Math.max(0, prompt.lastIndexOf(QUESTION)));
        String after = rendered.substring(from);
        int common = 0;
        while (common < Math.min(before.length(), after.length()) && before.charAt(common) == after.charAt(common)) {
            common++;
        }
        // Two markers may begin alike: the one that differs is taken whole.
        int marker = Math.max(after.lastIndexOf('<', common - 1), after.lastIndexOf('[', common - 1));
        boolean inside = marker >= 0 && after.substring(marker, common).matches("[<\\[][^>\\]\\s]*");
        return after.substring(inside ? marker : common);
    }

    private static List<Map<String, Object>> tools() {
        return List.of(ProbeMessages.tool(TOOL), ProbeMessages.tool(OTHER_TOOL));
    }
}
