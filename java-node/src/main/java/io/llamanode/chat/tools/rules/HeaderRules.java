package io.llamanode.chat.tools.rules;

import static io.llamanode.chat.tools.rules.Parts.joined;
import static io.llamanode.chat.tools.rules.Parts.text;

import io.llamanode.chat.tools.machine.HarmonyMachine;
import io.llamanode.chat.tools.machine.RecipientMachine;
import io.llamanode.chat.tools.syntax.Reasoning;
import io.llamanode.grammar.rule.Expression;
import io.llamanode.grammar.rule.Expression.Repeat;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Answers whose parts have headers: gpt-oss' channels, functionary's recipients. Keeps no state: for any thread. */
public final class HeaderRules {
    /** In a header of gpt-oss, in front of the name of a tool. */
    public static final String FUNCTIONS = "to=functions.";

    private static final String END = "<|end|>";
    /** The texts around what a message of gpt-oss says. */
    public static final Reasoning HARMONY_MESSAGE = new Reasoning(HarmonyMachine.MESSAGE, END);

    private static final int MOST_THOUGHTS = 3;
    private static final Expression CONSTRAIN = Parts.choice(
            List.of(Expression.EMPTY, text(" json"), text(" <|constrain|>json"), text("<|constrain|>json")));

    /** What gpt-oss thinks: messages on a channel of their own, each with the beginning of the next one. */
    public static final Expression HARMONY_ANALYSIS = new Repeat(
            joined(
                    text(HarmonyMachine.CHANNEL + "analysis" + HarmonyMachine.MESSAGE),
                    RawText.before(HarmonyMachine.MARKERS).expression(Expression.Chars::new),
                    text(END + HarmonyMachine.START + "assistant")),
            0,
            MOST_THOUGHTS);

    /** The header of what gpt-oss says. */
    public static final Expression HARMONY_FINAL =
            joined(text(HarmonyMachine.CHANNEL + "final"), CONSTRAIN, text(HarmonyMachine.MESSAGE));

    /** The header of what functionary says. */
    public static final Expression EVERYBODY =
            joined(Expression.optional(text(RecipientMachine.NEXT)), text(RecipientMachine.EVERYBODY + "\n"));

    private HeaderRules() {}

    /**
     * {@return an answer of gpt-oss that is a call}
     *
     * @param tools schemas of their parameters by name
     * @param schemas turns them into rules
     * @param book takes the rules
     */
    public static Expression harmony(Map<String, Map<String, Object>> tools, ToolSchemas schemas, RuleBook book) {
        List<Expression> all = new ArrayList<>();
        tools.forEach((name, schema) -> {
            Expression arguments = schemas.arguments(name, schema, ArgumentRules.ofJson(Gaps.TIGHT), book);
            Expression recipient = text(FUNCTIONS + name);
            Expression channel = text(HarmonyMachine.CHANNEL + "commentary");
            Expression header = Parts.choice(List.of(
                    joined(channel, text(" "), recipient, CONSTRAIN),
                    joined(text(" "), recipient, channel, CONSTRAIN)));
            all.add(book.rule(joined(header, text(HarmonyMachine.MESSAGE), arguments)));
        });
        return Parts.choice(all);
    }

    /**
     * {@return what comes behind {@link #FUNCTIONS} in an answer of gpt-oss}
     *
     * @param tools schemas of their parameters by name
     * @param schemas turns them into rules
     * @param book takes the rules
     */
    public static Expression harmonyNamed(Map<String, Map<String, Object>> tools, ToolSchemas schemas, RuleBook book) {
        List<Expression> all = new ArrayList<>();
        tools.forEach((name, schema) -> all.add(book.rule(joined(
                text(name),
                Expression.optional(text(HarmonyMachine.CHANNEL + "commentary")),
                CONSTRAIN,
                text(HarmonyMachine.MESSAGE),
                Gaps.LOOSE.part(),
                schemas.arguments(name, schema, ArgumentRules.ofJson(Gaps.LOOSE), book)))));
        return Parts.choice(all);
    }

    /**
     * {@return a part of functionary's answer that is a call, without what begins it}
     *
     * @param tools schemas of their parameters by name
     * @param schemas turns them into rules
     * @param book takes the rules
     * @param gaps between the parts of a call
     */
    public static Expression recipient(
            Map<String, Map<String, Object>> tools, ToolSchemas schemas, RuleBook book, Gaps gaps) {
        List<Expression> all = new ArrayList<>();
        tools.forEach((name, schema) -> all.add(book.rule(
                joined(text(name + "\n"), schemas.arguments(name, schema, ArgumentRules.ofJson(gaps), book)))));
        return book.rule(Parts.choice(all));
    }

    /**
     * {@return answers of functionary with any parts}
     *
     * @param tools schemas of their parameters by name
     * @param schemas turns them into rules
     * @param book takes the rules
     * @param most calls
     */
    public static Expression recipients(
            Map<String, Map<String, Object>> tools, ToolSchemas schemas, RuleBook book, int most) {
        Expression next = text(RecipientMachine.NEXT);
        Expression said = joined(
                text(RecipientMachine.EVERYBODY + "\n"),
                RawText.before(RecipientMachine.NEXT).expression(Expression.Chars::new));
        Expression call = recipient(tools, schemas, book, Gaps.LOOSE);
        Expression more = Parts.choice(List.of(joined(next, call), joined(next, said, next, call)));
        Expression last = Expression.optional(joined(next, said));
        return joined(
                Expression.optional(next),
                Parts.choice(List.of(
                        said,
                        joined(Expression.optional(joined(said, next)), call, new Repeat(more, 0, most - 1), last))));
    }
}
