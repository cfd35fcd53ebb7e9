package io.llamanode.chat.tools;

import static io.llamanode.chat.tools.rules.Parts.joined;
import static io.llamanode.chat.tools.rules.Parts.text;

import io.llamanode.chat.tools.AnswerFormat.Kind;
import io.llamanode.chat.tools.machine.RecipientMachine;
import io.llamanode.chat.tools.rules.CallRules;
import io.llamanode.chat.tools.rules.Gaps;
import io.llamanode.chat.tools.rules.HeaderRules;
import io.llamanode.chat.tools.rules.Parts;
import io.llamanode.chat.tools.rules.RawText;
import io.llamanode.chat.tools.rules.RuleBook;
import io.llamanode.chat.tools.rules.ToolSchemas;
import io.llamanode.chat.tools.syntax.CallSyntax;
import io.llamanode.chat.tools.syntax.CallSyntaxes;
import io.llamanode.chat.tools.syntax.Reasoning;
import io.llamanode.grammar.rule.Expression;
import io.llamanode.grammar.rule.Grammar;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Writes rules of whole answers in the syntax of a template. For one thread, and one grammar. */
final class CallGrammar {
    private final AnswerFormat format;
    private final RuleBook book = new RuleBook();

    CallGrammar(AnswerFormat format) {
        this.format = format;
    }

    /** {@return answers that call tools and say nothing else} */
    Grammar calls(List<Map<String, Object>> tools, AnswerFormat.Start start, int most, ToolSchemas schemas) {
        return book.grammarOf(joined(reasoning(start), only(tools, most, schemas)));
    }

    /** {@return what comes behind a trigger; from the beginning on where the format has none} */
    Grammar lazy(List<Map<String, Object>> tools, int most, ToolSchemas schemas) {
        Map<String, Map<String, Object>> named = AnswerFormat.schemas(tools);
        return book.grammarOf(
                switch (format.kind()) {
                    case HARMONY -> HeaderRules.harmonyNamed(named, schemas, book);
                    case RECIPIENT -> HeaderRules.recipients(named, schemas, book, most);
                    // A model may write what others write behind the same opener.
                    case MARKED ->
                        Parts.choice(CallSyntaxes.readable(format.syntax()).stream()
                                .filter(this::mayStandFor)
                                .map(syntax -> new CallRules(syntax, Gaps.LOOSE))
                                .map(rules -> rules.opened(rules.calls(named, schemas, book), most))
                                .toList());
                });
    }

    private boolean mayStandFor(CallSyntax other) {
        CallSyntax own = format.syntax();
        return other.equals(own)
                || !Collections.disjoint(other.openers(), own.openers())
                        && other.callOpen().isEmpty()
                        && own.callOpen().isEmpty();
    }

    /** {@return answers that keep to a grammar, or call tools instead if there are any} */
    Grammar constrained(
            Grammar body, List<Map<String, Object>> tools, AnswerFormat.Start start, int most, ToolSchemas schemas) {
        Expression said = said(book.grammar(body));
        Expression all = tools.isEmpty() ? said : Parts.choice(List.of(said, only(tools, most, schemas)));
        return book.grammarOf(joined(reasoning(start), all));
    }

    private Expression only(List<Map<String, Object>> tools, int most, ToolSchemas schemas) {
        Map<String, Map<String, Object>> named = AnswerFormat.schemas(tools);
        return switch (format.kind()) {
            case HARMONY -> HeaderRules.harmony(named, schemas, book);
            case RECIPIENT ->
                Parts.list(HeaderRules.recipient(named, schemas, book, Gaps.TIGHT), text(RecipientMachine.NEXT), most);
            case MARKED -> {
                CallRules rules = new CallRules(format.syntax(), Gaps.TIGHT);
                yield rules.only(rules.calls(named, schemas, book), most);
            }
        };
    }

    private Expression said(Expression body) {
        return switch (format.kind()) {
            case HARMONY -> joined(HeaderRules.HARMONY_FINAL, body);
            case RECIPIENT -> joined(HeaderRules.EVERYBODY, body);
            case MARKED -> {
                Expression noise = format.noise().isEmpty()
                        ? Expression.EMPTY
                        : Expression.optional(Parts.choice(
                                format.noise().stream().map(Parts::text).toList()));
                yield joined(noise, body, noise);
            }
        };
    }

    /** What a model thinks before it answers. */
    private Expression reasoning(AnswerFormat.Start start) {
        if (format.kind() == Kind.HARMONY) {
            return start.mayReason() ? HeaderRules.HARMONY_ANALYSIS : Expression.EMPTY;
        }
        Reasoning reasoning = format.reasoning();
        if (reasoning == null || !start.insideReasoning() && !start.mayReason()) {
            return Expression.EMPTY;
        }
        String close = reasoning.close();
        Expression rest = joined(
                RawText.before(close).expression(Expression.Chars::new),
                text(close),
                Gaps.LOOSE.part(),
                format.isSolar() ? text(FormatDetection.SOLAR_TURN) : Expression.EMPTY);
        return start.insideReasoning()
                ? rest
                : Expression.optional(
                        joined(text(Objects.requireNonNull(reasoning).open()), rest));
    }
}
