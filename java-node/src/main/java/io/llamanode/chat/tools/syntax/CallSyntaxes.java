package io.llamanode.chat.tools.syntax;

import io.llamanode.chat.tools.syntax.CallStyle.Gemma;
import io.llamanode.chat.tools.syntax.CallStyle.Headed;
import io.llamanode.chat.tools.syntax.CallStyle.Header;
import io.llamanode.chat.tools.syntax.CallStyle.Json;
import io.llamanode.chat.tools.syntax.CallStyle.Python;
import io.llamanode.chat.tools.syntax.CallStyle.SingleKey;
import io.llamanode.chat.tools.syntax.CallStyle.Tagged;
import io.llamanode.chat.tools.syntax.CallStyle.Values;
import io.llamanode.chat.tools.syntax.CallSyntax.Listing;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/** The families of syntaxes that published templates use. Where one example fits several, the first is meant. */
public final class CallSyntaxes {
    private static final Json NAME_ARGUMENTS = new Json("name", "arguments");
    private static final Json NAME_PARAMETERS = new Json("name", "parameters");
    private static final Json TOOL_NAME = new Json("tool_name", "parameters");
    private static final Tagged FUNCTION_TAGS =
            new Tagged("<function=", ">", "<parameter=", ">", "", "</parameter>", "</function>", Values.FRAMED);
    private static final Tagged SEED_TAGS =
            new Tagged("<function=", ">", "<parameter=", ">", "", "</parameter>", "</function>", Values.PLAIN);
    private static final Tagged INVOKE_TAGS = new Tagged(
            "<invoke name=\"", "\">", "<parameter name=\"", "\">", "", "</parameter>", "</invoke>", Values.PLAIN);
    private static final Tagged DSML_TAGS = new Tagged(
            "<｜DSML｜invoke name=\"",
            "\">",
            "<｜DSML｜parameter name=\"",
            "\"",
            "",
            "</｜DSML｜parameter>",
            "</｜DSML｜invoke>",
            Values.TYPED);
    private static final Tagged KEY_VALUE_TAGS =
            new Tagged("", "\n", "<arg_key>", "</arg_key>", "<arg_value>", "</arg_value>", "", Values.PLAIN);

    static final CallSyntax HERMES = marked("hermes", "<tool_call>", Listing.NEVER, "</tool_call>", NAME_ARGUMENTS);
    /** Calls of Python functions between LFM2's tokens. */
    public static final CallSyntax PYTHON =
            marked("python", "<|tool_call_start|>", Listing.ALWAYS, "<|tool_call_end|>", new Python());

    /** LFM's templates say how tools and results are marked, and some of them not how calls are. */
    private static final List<String> HINTS_OF_PYTHON =
            List.of("<|tool_call_start|>", "<|tool_list_start|>", "List of tools: [");

    private static final CallSyntax LFM_JSON =
            marked("lfm json", "<|tool_call_start|>", Listing.OPTIONAL, "<|tool_call_end|>", NAME_ARGUMENTS);

    /** For templates that show no syntax: the answer is an object, or a list of them. */
    public static final CallSyntax GENERIC =
            new CallSyntax("generic", List.of(), "", Listing.OPTIONAL, "", "", "", NAME_ARGUMENTS);

    static final CallSyntax LLAMA = new CallSyntax("llama", List.of(), "", Listing.NEVER, "", "", "", NAME_PARAMETERS);

    /** All of them; where one example fits several, the first is meant. */
    public static final List<CallSyntax> ALL = List.of(
            HERMES,
            marked("function tags", "<tool_call>", Listing.NEVER, "</tool_call>", FUNCTION_TAGS),
            marked("seed", "<seed:tool_call>", Listing.NEVER, "</seed:tool_call>", SEED_TAGS),
            marked("key-value tags", "<tool_call>", Listing.NEVER, "</tool_call>", KEY_VALUE_TAGS),
            marked("invoke tags", "<minimax:tool_call>", Listing.NEVER, "</minimax:tool_call>", INVOKE_TAGS),
            marked("dsml", "<｜DSML｜function_calls>", Listing.NEVER, "</｜DSML｜function_calls>", DSML_TAGS),
            marked("tool_calls list", "<tool_calls>", Listing.ALWAYS, "</tool_calls>", NAME_ARGUMENTS),
            marked("TOOLCALL list", "<TOOLCALL>", Listing.ALWAYS, "</TOOLCALL>", NAME_ARGUMENTS),
            marked("phi", "<|tool_call|>", Listing.ALWAYS, "<|/tool_call|>", NAME_ARGUMENTS),
            marked("granite", "<|tool_call|>", Listing.ALWAYS, "", NAME_ARGUMENTS),
            marked("apertus", "<|tools_prefix|>", Listing.ALWAYS, "<|tools_suffix|>", new SingleKey()),
            marked("command-r7b", "<|START_ACTION|>", Listing.ALWAYS, "<|END_ACTION|>", TOOL_NAME),
            new CallSyntax("command-r", List.of("Action:"), "```json", Listing.ALWAYS, "", "", "```", TOOL_NAME),
            marked("mistral", "[TOOL_CALLS]", Listing.ALWAYS, "", NAME_ARGUMENTS),
            marked("mistral args", "[TOOL_CALLS]", Listing.NEVER, "", new Headed(Header.NAME_CALL_ID, "[ARGS]", "")),
            sections(
                    "kimi",
                    "<|tool_calls_section_begin|>",
                    "<|tool_call_begin|>",
                    "<|tool_call_end|>",
                    "<|tool_calls_section_end|>",
                    new Headed(Header.NUMBERED, "<|tool_call_argument_begin|>", "")),
            sections(
                    "deepseek",
                    "<｜tool▁calls▁begin｜>",
                    "<｜tool▁call▁begin｜>",
                    "<｜tool▁call▁end｜>",
                    "<｜tool▁calls▁end｜>",
                    new Headed(Header.TYPE_NAME, "\n```json", "```")),
            sections(
                    "deepseek v3.1",
                    "<｜tool▁calls▁begin｜>",
                    "<｜tool▁call▁begin｜>",
                    "<｜tool▁call▁end｜>",
                    "<｜tool▁calls▁end｜>",
                    new Headed(Header.NAME, "<｜tool▁sep｜>", "")),
            sections(
                    "hunyuan",
                    "<tool_calls>",
                    "<tool_call>",
                    "</tool_call>",
                    "</tool_calls>",
                    new Headed(Header.NAME, "\n```json", "```")),
            sections(
                    "solar",
                    "<|tool_calls|>",
                    "<|tool_call:begin|>",
                    "<|tool_call:end|>",
                    "<|calls|>",
                    new Headed(Header.ID_NAME, "<|tool_call:args|>", "")),
            marked("functionary tags", "<function=", Listing.NEVER, "</function>", new Headed(Header.NAME, ">", "")),
            marked("gemma", "<|tool_call>", Listing.NEVER, "<tool_call|>", new Gemma()),
            marked("gigachat", "function call<|role_sep|>", Listing.NEVER, "<|message_sep|>", NAME_ARGUMENTS),
            marked("functools", "functools", Listing.ALWAYS, "", NAME_ARGUMENTS),
            PYTHON,
            LFM_JSON,
            LLAMA,
            GENERIC);

    /** Answers of models that know no marks of their own: calls in brackets as Llama's write them, and behind a tag. */
    private static final List<CallSyntax> BESIDE_BARE = List.of(
            new CallSyntax("pythonic", List.of(), "", Listing.ALWAYS, "", "", "", new Python()),
            marked("python tag", "<|python_tag|>", Listing.NEVER, "", NAME_PARAMETERS),
            marked("python tag", "<|python_tag|>", Listing.OPTIONAL, "", new Python()),
            HERMES);

    private CallSyntaxes() {}

    /**
     * {@return the syntaxes that models of one may write as well, itself in front: others with the same opener, and its calls
     * without any}
     *
     * @param own one of {@link #ALL}
     */
    public static List<CallSyntax> readable(CallSyntax own) {
        List<CallSyntax> all = new ArrayList<>(List.of(own));
        if (own.bare()) {
            all.addAll(BESIDE_BARE);
        }
        for (CallSyntax other : ALL) {
            if (!other.equals(own) && !Collections.disjoint(other.openers(), own.openers())) {
                all.add(other);
            }
        }
        own.alone().ifPresent(all::add);
        return all;
    }

    /**
     * {@return the texts that frame calls and their parts in all that models of a syntax may write}
     *
     * @param own one of {@link #ALL}
     */
    public static List<String> markers(CallSyntax own) {
        return readable(own).stream()
                .flatMap(syntax -> syntax.markers().stream())
                .distinct()
                .toList();
    }

    /**
     * {@return the syntax that a text tells of, in which no call is seen; the generic one if it tells of none}
     *
     * @param text prompt and source of a template
     */
    public static CallSyntax mentioned(String text) {
        if (HINTS_OF_PYTHON.stream().anyMatch(text::contains)) {
            return PYTHON;
        }
        // JSON that stands in a literal of the template, or that is shown in quotes of the other kind.
        String plain = text.replace("\\\"", "\"").replace('\'', '"');
        List<CallSyntax> marked = ALL.stream().filter(syntax -> !syntax.bare()).toList();
        return marked.stream()
                .filter(syntax -> syntax.specific().stream()
                        .allMatch(specific -> text.contains(specific) || plain.contains(specific)))
                .findFirst()
                .or(() -> markedOnly(marked, text))
                .orElse(GENERIC);
    }

    /** Where only the mark in front of calls is told of, one that ends as it is told, or without any mark. */
    private static Optional<CallSyntax> markedOnly(List<CallSyntax> marked, String text) {
        List<CallSyntax> opened = marked.stream()
                .filter(syntax -> syntax.openers().stream().allMatch(CallSyntaxes::isToken)
                        && syntax.openers().stream().anyMatch(text::contains))
                .toList();
        return opened.stream()
                .filter(syntax -> text.contains(syntax.close()))
                .findFirst()
                .or(() -> opened.stream().findFirst());
    }

    /** {@return whether a text is written like a control token, which nothing but calls would mention} */
    private static boolean isToken(String opener) {
        return opener.startsWith("<|") && opener.endsWith("|>")
                || opener.startsWith("<｜") && opener.endsWith("｜>")
                || opener.startsWith("[") && opener.endsWith("]");
    }

    private static CallSyntax marked(String family, String open, Listing list, String close, CallStyle style) {
        return new CallSyntax(family, List.of(open), "", list, "", "", close, style);
    }

    private static CallSyntax sections(
            String family, String open, String callOpen, String callClose, String close, CallStyle style) {
        return new CallSyntax(family, List.of(open), "", Listing.NEVER, callOpen, callClose, close, style);
    }
}
