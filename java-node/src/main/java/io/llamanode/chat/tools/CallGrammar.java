package io.llamanode.chat.tools;

import io.llamanode.chat.tools.AnswerFormat.Kind;
import io.llamanode.chat.tools.machine.HarmonyMachine;
import io.llamanode.chat.tools.machine.RecipientMachine;
import io.llamanode.chat.tools.step.TaggedStep;
import io.llamanode.chat.tools.syntax.CallStyle;
import io.llamanode.chat.tools.syntax.CallSyntax;
import io.llamanode.chat.tools.syntax.Reasoning;
import io.llamanode.chat.tools.text.JsonText;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/** Writes the grammar of answers that are nothing but calls, in the syntax of a template. */
final class CallGrammar {
    private final AnswerFormat format;
    private final UnaryOperator<String> convert;
    private final StringBuilder rules = new StringBuilder();
    private int converted;

    /** @param convert turns a JSON schema into a grammar */
    CallGrammar(AnswerFormat format, UnaryOperator<String> convert) {
        this.format = format;
        this.convert = convert;
    }

    /**
     * @param tools one of which is called
     * @param inside whether the prompt opened reasoning, which the answer has to end first
     * @param mayThink whether the answer may begin with reasoning
     * @param several whether it may call several times
     */
    String write(List<Map<String, Object>> tools, boolean inside, boolean mayThink, boolean several) {
        List<String> calls = new ArrayList<>();
        AnswerFormat.schemas(tools).forEach((name, schema) -> {
            schema.putIfAbsent("type", "object");
            calls.add(rule("call-" + calls.size(), call(name, schema)));
        });
        String call = rule("call", String.join(" | ", calls));
        String body = switch (format.kind()) {
            case HARMONY -> call;
            case RECIPIENT -> call + (several ? " (" + Gbnf.literal(RecipientMachine.NEXT) + " " + call + ")*" : "");
            case MARKED -> section(format.syntax(), call, several);
        };
        return "root ::= " + reasoning(inside, mayThink) + body + "\n" + rules;
    }

    private String reasoning(boolean inside, boolean mayThink) {
        if (format.kind() == Kind.HARMONY) {
            return mayThink
                    ? "(" + Gbnf.literal(HarmonyMachine.CHANNEL + "analysis" + HarmonyMachine.MESSAGE) + " "
                            + textBefore("<|end|>") + " "
                            + Gbnf.literal("<|end|>" + HarmonyMachine.START + "assistant") + ")? "
                    : "";
        }
        Reasoning reasoning = format.reasoning();
        if (reasoning == null || !inside && !mayThink) {
            return "";
        }
        String rest = textBefore(reasoning.close()) + " " + Gbnf.literal(reasoning.close()) + " [ \\n]{0,2} "
                + (format.isSolar() ? Gbnf.literal("<|begin|>assistant") + " " : "");
        return inside ? rest : "(" + Gbnf.literal(reasoning.open()) + " " + rest + ")? ";
    }

    /** Text that does not even begin like what follows it: its first two characters never come together. */
    private static String textBefore(String end) {
        String first = end.substring(0, 1).replace("[", "\\[");
        String second = end.substring(1, 2);
        return "([^" + first + "] | " + Gbnf.literal(end.substring(0, 1)) + " [^" + second + first + "])*";
    }

    private String section(CallSyntax syntax, String call, boolean several) {
        String one = Gbnf.literal(syntax.callOpen()) + " " + call + " " + Gbnf.literal(syntax.callClose());
        String open = syntax.bare() ? "" : Gbnf.literal(syntax.openers().getFirst() + gap(syntax.afterOpen())) + " ";
        boolean ownLine =
                syntax.style() instanceof CallStyle.Json && syntax.close().startsWith("</");
        String close = syntax.close().isEmpty() || syntax.endsAnswer()
                ? ""
                : " " + Gbnf.literal((ownLine ? "\n" : "") + syntax.close());
        String list = Gbnf.literal("[") + " " + one + (several ? " (" + Gbnf.literal(", ") + " " + one + ")*" : "")
                + " " + Gbnf.literal("]");
        return switch (syntax.list()) {
            case ALWAYS -> open + list + close;
            case OPTIONAL -> several ? "(" + one + " | " + list + ")" : one;
            case NEVER -> {
                boolean framed = !syntax.callOpen().isEmpty();
                if (syntax.bare() || !several || syntax.endsAnswer() && !framed) {
                    yield open + one + close;
                }
                // Calls share a section where they have frames of their own, and else have one each.
                yield !framed
                        ? open + one + close + " (" + "[\\n]? " + open + one + close + ")*"
                        : open + "(" + one + " [\\n]?)+" + close;
            }
        };
    }

    private static String gap(String afterOpen) {
        return afterOpen.isEmpty() ? "" : "\n" + afterOpen + "\n";
    }

    private String call(String name, Map<String, Object> schema) {
        if (format.kind() == Kind.HARMONY) {
            return Gbnf.literal(HarmonyMachine.CHANNEL + "commentary to=functions." + name + " <|constrain|>json"
                            + HarmonyMachine.MESSAGE)
                    + " " + json(schema);
        }
        if (format.kind() == Kind.RECIPIENT) {
            return Gbnf.literal(name + "\n") + " " + json(schema);
        }
        String quoted = JsonText.write(name);
        return switch (format.syntax().style()) {
            case CallStyle.Json json ->
                Gbnf.literal((format.syntax().close().startsWith("</") ? "\n" : "") + "{\"" + json.name() + "\": "
                                + quoted + ", \"" + json.arguments() + "\": ")
                        + " " + json(schema)
                        + " " + Gbnf.literal("}");
            case CallStyle.SingleKey single ->
                Gbnf.literal("{" + quoted + ": ") + " " + json(schema) + " " + Gbnf.literal("}");
            case CallStyle.Headed headed -> headed(headed, name, schema);
            case CallStyle.Tagged tagged -> tagged(tagged, name, schema);
            case CallStyle.Python python ->
                Gbnf.literal(name + "(") + " "
                        + properties(schema, ", ", (key, one) -> Gbnf.literal(key + "=") + " " + json(one)) + " "
                        + Gbnf.literal(")");
            case CallStyle.Gemma gemma ->
                Gbnf.literal("call:" + name + "{") + " "
                        + properties(schema, ",", (key, one) -> Gbnf.literal(key + ":") + " " + gemma(one)) + " "
                        + Gbnf.literal("}");
        };
    }

    private String headed(CallStyle.Headed headed, String name, Map<String, Object> schema) {
        String header = switch (headed.header()) {
            case NAME, NAME_CALL_ID -> Gbnf.literal(name + headed.headerEnd());
            case NUMBERED ->
                Gbnf.literal("functions." + name + ":") + " [0-9]{1,3} " + Gbnf.literal(headed.headerEnd());
            case ID_NAME -> "[a-z0-9]{10} " + Gbnf.literal(CallStyle.Headed.ID_NAME + name + headed.headerEnd());
            case TYPE_NAME -> Gbnf.literal("function" + CallStyle.Headed.TYPE_NAME + name + headed.headerEnd());
        };
        boolean framed = !headed.argumentsEnd().isEmpty();
        return header + (framed ? " " + Gbnf.literal("\n") : "") + " " + json(schema)
                + (framed ? " " + Gbnf.literal("\n" + headed.argumentsEnd()) : "");
    }

    private String tagged(CallStyle.Tagged tags, String name, Map<String, Object> schema) {
        String frame = tags.values() == CallStyle.Values.FRAMED ? "\n" : "";
        String properties = properties(schema, "", (key, one) -> {
            boolean string = TaggedStep.isString(one.get("type"));
            String attribute = tags.values() == CallStyle.Values.TYPED ? " string=\"" + string + "\">" : "";
            return Gbnf.literal(tags.argument()
                            + key
                            + tags.argumentNameEnd()
                            + attribute
                            + (tags.valueOpen().isEmpty() ? "" : "\n" + tags.valueOpen())
                            + frame)
                    + " " + (string ? string(one, tags.valueEnd()) : json(one)) + " "
                    + Gbnf.literal(frame + tags.valueEnd() + "\n");
        });
        String nameEnd = tags.nameEnd().endsWith("\n") ? tags.nameEnd() : tags.nameEnd() + "\n";
        String before = tags.open().isEmpty() ? "" : "\n";
        String after = tags.close().isEmpty() ? "" : tags.close() + "\n";
        return Gbnf.literal(before + tags.open() + name + nameEnd) + " " + properties + " " + Gbnf.literal(after);
    }

    /** A string as it is, which must not look like what ends it. */
    private static String string(Map<String, Object> schema, String end) {
        return schema.get("enum") instanceof List<?> values
                ? "("
                        + values.stream()
                                .map(value -> Gbnf.literal(String.valueOf(value)))
                                .collect(Collectors.joining(" | "))
                        + ")"
                : textBefore(end);
    }

    private String gemma(Map<String, Object> schema) {
        return TaggedStep.isString(schema.get("type"))
                ? Gbnf.literal(CallStyle.Gemma.QUOTE) + " " + string(schema, CallStyle.Gemma.QUOTE) + " "
                        + Gbnf.literal(CallStyle.Gemma.QUOTE)
                : json(schema);
    }

    /** Writes one argument. */
    @FunctionalInterface
    private interface Argument {
        String of(String key, Map<String, Object> schema);
    }

    /** Required arguments, then any of the others, in the order of the schema. */
    private String properties(Map<String, Object> schema, String separator, Argument argument) {
        Set<String> required = new TreeSet<>();
        if (schema.get("required") instanceof List<?> names) {
            names.forEach(name -> required.add(String.valueOf(name)));
        }
        List<String> must = new ArrayList<>();
        List<String> may = new ArrayList<>();
        AnswerFormat.properties(schema)
                .forEach((key, one) ->
                        (required.contains(key) ? must : may).add(rule("arg-" + converted++, argument.of(key, one))));
        String between = separator.isEmpty() ? " " : " " + Gbnf.literal(separator) + " ";
        if (must.isEmpty()) {
            return optional(may, between);
        }
        StringBuilder text = new StringBuilder(String.join(between, must));
        may.forEach(one -> text.append(" (").append(between).append(one).append(")?"));
        return text.toString();
    }

    /** Each may be the first, with no separator in front of it. */
    private String optional(List<String> may, String between) {
        String rest = "";
        for (int i = may.size() - 1; i >= 0; i--) {
            StringBuilder from = new StringBuilder(may.get(i));
            may.subList(i + 1, may.size())
                    .forEach(
                            one -> from.append(" (").append(between).append(one).append(")?"));
            rest = from + (rest.isEmpty() ? "" : " | " + rest);
        }
        return rest.isEmpty() ? "" : "(" + rest + ")?";
    }

    /** {@return the name of a rule for JSON of a schema} */
    private String json(Map<String, Object> schema) {
        String prefix = "j" + converted++ + "-";
        rules.append(Gbnf.prefixed(convert.apply(JsonText.write(schema)), prefix))
                .append('\n');
        return prefix + "root";
    }

    private String rule(String name, String body) {
        rules.append(name).append(" ::= ").append(body).append('\n');
        return name;
    }
}
