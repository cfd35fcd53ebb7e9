package io.llamanode.chat.tools.syntax;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How a family of models writes calls.
 *
 * @param family for logs and tests
 * @param openers texts that begin a section of calls; the first is the usual one. None: the whole answer is the call
 * @param afterOpen text between opener and calls; may be empty
 * @param list whether the calls stand in brackets, separated by commas
 * @param callOpen text before each call; may be empty
 * @param callClose text behind each call; may be empty
 * @param close text behind the section; empty: one call is a section, unless they stand in a list
 * @param style how a call is written
 */
public record CallSyntax(
        String family,
        List<String> openers,
        String afterOpen,
        Listing list,
        String callOpen,
        String callClose,
        String close,
        CallStyle style) {

    /** What models put around an answer that is a call, and what ends it. */
    public static final Map<String, String> FRAMES = new LinkedHashMap<>();

    static {
        FRAMES.put("<|python_tag|>", "");
        FRAMES.put("<tool_call>", "</tool_call>");
        FRAMES.put("```json", "```");
        FRAMES.put("```", "```");
    }

    /** Whether calls stand in brackets, separated by commas. */
    public enum Listing {
        /** One call, or one call after the other. */
        NEVER,

        /** Even a single call. */
        ALWAYS,

        /** Brackets may be there or not. */
        OPTIONAL
    }

    /** {@return whether the whole answer is the call} */
    public boolean bare() {
        return openers.isEmpty();
    }

    /** {@return whether models may put its calls in brackets: any that are objects of JSON, as some do} */
    public boolean mayList() {
        return list != Listing.NEVER || style instanceof CallStyle.Json;
    }

    /** {@return whether a call need not stand in brackets} */
    public boolean mayStandAlone() {
        return list != Listing.ALWAYS || style instanceof CallStyle.Json;
    }

    /**
     * {@return whether a call can begin so, behind white space}
     *
     * @param first character of it
     */
    public boolean mayBegin(char first) {
        if (!callOpen.isEmpty()) {
            return first == callOpen.charAt(0);
        }
        return switch (style) {
            case CallStyle.Json _, CallStyle.SingleKey _ -> first == '{';
            case CallStyle.Tagged tagged
            when !tagged.open().isEmpty() -> first == tagged.open().charAt(0);
            case CallStyle.Tagged _, CallStyle.Headed _, CallStyle.Python _, CallStyle.Gemma _ ->
                Character.isLetterOrDigit(first) || "_-.".indexOf(first) >= 0;
        };
    }

    /** {@return the same calls without what opens and closes a section, if they have a mark of their own} */
    Optional<CallSyntax> alone() {
        return style instanceof CallStyle.Tagged tags && !tags.open().isEmpty()
                ? Optional.of(
                        new CallSyntax(family, List.of(tags.open()), "", Listing.NEVER, "", "", "", tags.withoutOpen()))
                : Optional.empty();
    }

    /** {@return whether the section's end is a token that ends the answer, too} */
    public boolean endsAnswer() {
        return close.equals("<|calls|>") || close.equals("<|message_sep|>");
    }

    /** {@return the texts that frame calls and their parts; none is empty} */
    public List<String> markers() {
        List<String> markers = new ArrayList<>(openers);
        markers.addAll(List.of(callOpen, callClose, close));
        switch (style) {
            case CallStyle.Headed headed ->
                markers.addAll(List.of(
                        headed.headerEnd(),
                        headed.argumentsEnd(),
                        CallStyle.Headed.CALL_ID,
                        CallStyle.Headed.ID_NAME,
                        CallStyle.Headed.TYPE_NAME));
            case CallStyle.Tagged tagged -> markers.addAll(tagged.markers());
            case CallStyle.Gemma gemma -> markers.add(CallStyle.Gemma.QUOTE);
            case CallStyle.Json json when bare() -> FRAMES.forEach((open, end) -> markers.addAll(List.of(open, end)));
            case CallStyle.Json json -> {}
            case CallStyle.SingleKey single -> {}
            case CallStyle.Python python -> {}
        }
        markers.removeIf(String::isBlank);
        return markers;
    }

    /** {@return texts that, found together, tell this syntax from others with the same opener} */
    public List<String> specific() {
        List<String> texts = new ArrayList<>(openers);
        switch (style) {
            // Tools are told of with a name and parameters, so these say nothing alone.
            case CallStyle.Json json ->
                texts.addAll(List.of("\"" + json.name() + "\"", "\"" + json.arguments() + "\""));
            case CallStyle.Headed headed -> texts.add(headed.headerEnd());
            case CallStyle.Tagged tagged -> texts.add(tagged.argument());
            case CallStyle.SingleKey single -> {}
            case CallStyle.Python python -> {}
            case CallStyle.Gemma gemma -> {}
        }
        return texts;
    }
}
