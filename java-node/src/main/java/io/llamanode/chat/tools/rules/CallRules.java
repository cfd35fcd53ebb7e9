package io.llamanode.chat.tools.rules;

import static io.llamanode.chat.tools.rules.Parts.joined;
import static io.llamanode.chat.tools.rules.Parts.text;

import io.llamanode.chat.tools.syntax.CallStyle;
import io.llamanode.chat.tools.syntax.CallStyle.Headed;
import io.llamanode.chat.tools.syntax.CallSyntax;
import io.llamanode.grammar.json.JsonStrings;
import io.llamanode.grammar.rule.CodePoints;
import io.llamanode.grammar.rule.Expression;
import io.llamanode.grammar.rule.Expression.Repeat;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Calls of one syntax as rules. What stands between the parts of a call is what models are used to write there, and a little more;
 * the readers take more than that.
 */
public final class CallRules {
    private static final CodePoints ID = new CodePoints(List.of(
            new CodePoints.Range('a', 'z'),
            new CodePoints.Range('A', 'Z'),
            new CodePoints.Range('0', '9'),
            new CodePoints.Range('-', '-'),
            new CodePoints.Range('_', '_')));
    private static final int LONGEST_ID = 32;
    private static final Expression IDS = new Repeat(new Expression.Chars(ID), 1, LONGEST_ID);
    private static final int MOST_DIGITS = 3;
    private static final Expression NUMBER =
            new Repeat(new Expression.Chars(CodePoints.range('0', '9')), 1, MOST_DIGITS);

    private final CallSyntax syntax;
    private final Gaps gaps;
    private final boolean loose;
    private final Expression gap;
    private final Expression space;

    /**
     * Of one syntax.
     *
     * @param syntax whose calls are written
     * @param gaps between the parts of a call; loose ones go with what else models write there
     */
    public CallRules(CallSyntax syntax, Gaps gaps) {
        this.syntax = syntax;
        this.gaps = gaps;
        this.loose = gaps == Gaps.LOOSE;
        this.gap = gaps.token();
        this.space = gaps.part();
    }

    /**
     * {@return calls of any of some tools}
     *
     * @param tools schemas of their parameters by name
     * @param schemas turns them into rules
     * @param book takes the rules
     */
    public Expression calls(Map<String, Map<String, Object>> tools, ToolSchemas schemas, RuleBook book) {
        ArgumentRules written = arguments();
        List<Expression> all = new ArrayList<>();
        tools.forEach((name, schema) -> all.add(book.rule(call(name, schemas.arguments(name, schema, written, book)))));
        return book.rule(Parts.choice(all));
    }

    private ArgumentRules arguments() {
        return switch (syntax.style()) {
            case CallStyle.Json _, CallStyle.SingleKey _, CallStyle.Headed _ -> ArgumentRules.ofJson(gaps);
            case CallStyle.Tagged tagged -> ArgumentRules.tagged(tagged, gaps);
            case CallStyle.Python _ -> ArgumentRules.ofPython(gaps);
            case CallStyle.Gemma _ -> ArgumentRules.ofGemma();
        };
    }

    private Expression call(String name, Expression arguments) {
        return switch (syntax.style()) {
            case CallStyle.Json json -> object(json, name, arguments);
            case CallStyle.SingleKey _ ->
                joined(text("{"), gap, quoted(name), gap, text(":"), gap, arguments, gap, text("}"));
            case CallStyle.Headed headed -> headed(headed, name, arguments);
            case CallStyle.Tagged tags -> tagged(tags, name, arguments);
            case CallStyle.Python _ -> joined(text(name), arguments);
            case CallStyle.Gemma _ -> joined(text("call:" + name), arguments);
        };
    }

    private Expression comma() {
        return joined(loose ? gap : Expression.EMPTY, text(","), gap);
    }

    private static Expression quoted(String text) {
        return JsonStrings.literal(text);
    }

    private Expression entry(Expression key, Expression value) {
        return joined(key, loose ? gap : Expression.EMPTY, text(":"), gap, value);
    }

    private Expression object(CallStyle.Json json, String name, Expression arguments) {
        Expression comma = comma();
        Expression id = joined(text("\""), IDS, text("\""));
        // Some models number their calls, in front or behind, and some say what it is that they call.
        Expression before = entry(text("\"tool_call_id\""), id);
        Expression type = entry(text("\"type\""), text("\"function\""));
        boolean numbered = json.name().startsWith("tool");
        Expression front = !loose ? Expression.NOTHING : numbered ? before : type;
        return joined(
                text("{"),
                gap,
                front.equals(Expression.NOTHING) ? Expression.EMPTY : Expression.optional(joined(front, comma)),
                entry(quoted(json.name()), quoted(name)),
                comma,
                entry(quoted(json.arguments()), arguments),
                numbered || !loose ? Expression.EMPTY : Expression.optional(joined(comma, entry(text("\"id\""), id))),
                gap,
                text("}"));
    }

    private Expression headed(Headed headed, String name, Expression arguments) {
        Expression header = switch (headed.header()) {
            case NAME -> text(name);
            case NAME_CALL_ID -> joined(text(name), Expression.optional(joined(text(Headed.CALL_ID), IDS)));
            case NUMBERED -> joined(Expression.optional(text("functions.")), text(name + ":"), NUMBER);
            case ID_NAME -> joined(IDS, text(Headed.ID_NAME + name));
            case TYPE_NAME -> text("function" + Headed.TYPE_NAME + name);
        };
        return joined(
                header,
                text(headed.headerEnd()),
                space,
                arguments,
                headed.argumentsEnd().isEmpty() ? Expression.EMPTY : joined(space, text(headed.argumentsEnd())));
    }

    private Expression tagged(CallStyle.Tagged tags, String name, Expression arguments) {
        // A name that the end of a line ends is ended by the next tag, too.
        Expression nameEnd = text(tags.nameEnd());
        return joined(
                text(tags.open() + name),
                tags.close().isEmpty() ? Expression.optional(nameEnd) : nameEnd,
                space,
                arguments,
                tags.close().isEmpty() ? Expression.EMPTY : joined(space, text(tags.close())));
    }

    /**
     * {@return answers of calls and nothing else}
     *
     * @param call any call
     * @param most calls
     */
    public Expression only(Expression call, int most) {
        return joined(opener(), section(call, start(), space, Expression.EMPTY, most));
    }

    /**
     * {@return texts that a section of calls begins with, and nothing else; none if the whole answer is the call}. A word that may
     * stand in any text is told by what comes behind it.
     */
    public List<String> triggers() {
        List<String> triggers = new ArrayList<>();
        for (String opener : syntax.openers()) {
            if (!isWord()) {
                triggers.add(opener);
            } else {
                for (String gap : List.of("", " ", "\n")) {
                    triggers.add(opener + gap + (syntax.afterOpen().isEmpty() ? "[" : syntax.afterOpen()));
                }
            }
        }
        return triggers;
    }

    private boolean isWord() {
        return syntax.openers().stream().allMatch(opener -> opener.chars().allMatch(c -> c != '<' && c != '['));
    }

    /**
     * {@return what comes behind a trigger, where the answer may say something between its calls and behind them}
     *
     * @param call any call
     * @param most calls
     */
    public Expression opened(Expression call, int most) {
        Expression free = RawText.before(syntax.openers()).expression(Expression.Chars::new);
        Expression behind = ends() ? Expression.EMPTY : free;
        if (!isWord()) {
            return section(call, start(), free, behind, most);
        }
        Expression list = syntax.afterOpen().isEmpty()
                ? joined(space, items(call, most), space, text("]"))
                : joined(space, list(call, most));
        return joined(list, end(), behind);
    }

    private Expression items(Expression call, int most) {
        return Parts.list(call, joined(text(","), Parts.choice(List.of(gap, space))), most);
    }

    private Expression list(Expression call, int most) {
        return joined(text("["), space, items(call, most), space, text("]"));
    }

    private Expression start() {
        return syntax.bare()
                ? Expression.EMPTY
                : syntax.afterOpen().isEmpty() ? space : joined(space, text(syntax.afterOpen()), space);
    }

    private Expression end() {
        Expression close = syntax.close().isEmpty() ? Expression.EMPTY : joined(space, text(syntax.close()));
        return syntax.endsAnswer() ? Expression.optional(close) : close;
    }

    private Expression opener() {
        return syntax.bare()
                ? Expression.EMPTY
                : Parts.choice(syntax.openers().stream().map(Parts::text).toList());
    }

    /** From behind an opener on. */
    private Expression section(Expression call, Expression start, Expression between, Expression behind, int most) {
        Expression one = syntax.callOpen().isEmpty()
                ? call
                : joined(text(syntax.callOpen()), space, call, space, text(syntax.callClose()));
        Expression anew = joined(end(), between, opener(), start);
        Expression body = switch (syntax.list()) {
            case ALWAYS -> list(one, most);
            case OPTIONAL -> most == 1 ? one : Parts.choice(List.of(one, list(one, most)));
            case NEVER ->
                Parts.list(
                        one,
                        next(anew),
                        syntax.bare() || ends() && syntax.callOpen().isEmpty() ? 1 : most);
        };
        return joined(start, body, end(), behind);
    }

    /** Calls with frames of their own share a section, and others have one each; some models do either. */
    private Expression next(Expression anew) {
        if (!syntax.callOpen().isEmpty()) {
            return ends() ? space : Parts.choice(List.of(space, anew));
        }
        boolean framed =
                syntax.style() instanceof CallStyle.Tagged tags && !tags.open().isEmpty();
        return framed ? Parts.choice(List.of(space, anew)) : anew;
    }

    /** {@return whether nothing comes behind a section} */
    private boolean ends() {
        return syntax.bare() || syntax.endsAnswer();
    }
}
