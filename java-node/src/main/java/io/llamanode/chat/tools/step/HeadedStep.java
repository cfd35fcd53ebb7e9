package io.llamanode.chat.tools.step;

import io.llamanode.chat.tools.answer.Call;
import io.llamanode.chat.tools.answer.Step;
import io.llamanode.chat.tools.syntax.CallStyle;
import io.llamanode.chat.tools.syntax.CallStyle.Headed;
import java.util.function.BiPredicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A header with the name, then the arguments' JSON. */
public final class HeadedStep {
    /** Characters; names have at most 64. */
    private static final int LONGEST_HEADER = 256;

    private static final Pattern NUMBERED = Pattern.compile("(?:functions\\.)?(.*):\\d+");

    private HeadedStep() {}

    /**
     * {@return a reader of one call of that style}
     *
     * @param style how the call is written
     */
    public static Step of(Headed style) {
        Step end = style.argumentsEnd().isEmpty()
                ? Step.sequence((in, call) -> Step.Status.DONE)
                : Step.closing(style.argumentsEnd());
        return Step.sequence(
                Step.space(),
                Step.until(style.headerEnd(), LONGEST_HEADER, header(style.header())),
                JsonValueStep.arguments(),
                end);
    }

    private static BiPredicate<Call, String> header(CallStyle.Header header) {
        return switch (header) {
            case NAME -> (call, text) -> call.name(text.strip());
            case NUMBERED ->
                (call, text) -> {
                    Matcher matcher = NUMBERED.matcher(text.strip());
                    call.id(text.strip());
                    return matcher.matches() && call.name(matcher.group(1));
                };
            case NAME_CALL_ID ->
                (call, text) -> {
                    int id = text.indexOf(Headed.CALL_ID);
                    if (id >= 0) {
                        call.id(text.substring(id + Headed.CALL_ID.length()).strip());
                    }
                    return call.name((id < 0 ? text : text.substring(0, id)).strip());
                };
            case ID_NAME ->
                (call, text) -> {
                    int at = text.indexOf(Headed.ID_NAME);
                    if (at > 0) {
                        call.id(text.substring(0, at).strip());
                    }
                    return at >= 0
                            && call.name(
                                    text.substring(at + Headed.ID_NAME.length()).strip());
                };
            case TYPE_NAME ->
                (call, text) -> {
                    int at = text.indexOf(Headed.TYPE_NAME);
                    return at >= 0
                            && call.name(text.substring(at + Headed.TYPE_NAME.length())
                                    .strip());
                };
        };
    }
}
