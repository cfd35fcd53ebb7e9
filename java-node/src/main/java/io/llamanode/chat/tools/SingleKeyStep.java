package io.llamanode.chat.tools;

/** An object with the name as its only key. */
final class SingleKeyStep {
    private SingleKeyStep() {}

    static Step of() {
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
