package io.llamanode.chat.tools.step;

import io.llamanode.chat.tools.answer.Step;
import io.llamanode.chat.tools.text.JsonText;

/** An object with the name as its only key. */
public final class SingleKeyStep {
    private SingleKeyStep() {}

    /** {@return a reader of one call} */
    public static Step of() {
        StringBuilder key = new StringBuilder();
        Step name = new JsonValueStep((call, text) -> key.append(text));
        return Step.sequence(
                Step.space(),
                Step.literal("{"),
                Step.space(),
                name,
                (in, call) -> {
                    String text = JsonText.string(key.toString());
                    return text != null && call.name(text) ? Step.Status.DONE : Step.Status.BAD;
                },
                Step.space(),
                Step.literal(":"),
                JsonValueStep.arguments(),
                Step.space(),
                Step.literal("}"));
    }
}
