package io.llamanode.chat.jinja.render;

import io.llamanode.chat.jinja.LimitException;
import io.llamanode.chat.jinja.Limits;
import io.llamanode.chat.jinja.Span;
import io.llamanode.chat.jinja.TemplateException;
import io.llamanode.chat.jinja.Trusted;
import io.llamanode.chat.jinja.syntax.Parser;
import io.llamanode.chat.jinja.syntax.Stmt;
import io.llamanode.chat.jinja.value.EvalException;
import io.llamanode.chat.jinja.value.Runtime;
import io.llamanode.chat.jinja.value.Str;
import io.llamanode.chat.jinja.value.Usage;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A parsed template. Immutable; one template may be rendered by several threads at a time. */
public final class Template {
    private final List<Stmt> body;
    private final Limits limits;

    private Template(List<Stmt> body, Limits limits) {
        this.body = body;
        this.limits = limits;
    }

    /**
     * Parses a template.
     *
     * @param source Jinja source
     * @param limits bounds on parsing and on every rendering
     * @return the template
     * @throws TemplateException when the source is malformed or uses a statement that is not supported
     * @throws LimitException when it is too long or nested too deeply
     */
    public static Template parse(String source, Limits limits) {
        try {
            return new Template(Parser.parse(source, limits), limits);
        } catch (StackOverflowError e) {
            throw new LimitException("The template is nested too deeply", 0);
        }
    }

    /**
     * Renders the template.
     *
     * @param variables JSON-like values: null, strings, booleans, numbers, maps with string keys, lists, and
     *     {@link Trusted} in place of any string
     * @param clock what {@code strftime_now} reads, in its own time zone
     * @return the text by origin; neighbours differ in origin
     * @throws TemplateException when the template fails, refuses its input or goes over a limit
     */
    public List<Span> render(Map<String, ?> variables, Clock clock) {
        Str text = run(variables, new Runtime(limits, clock, null));
        List<Span> spans = new ArrayList<>(text.runs());
        for (int run = 0; run < text.runs(); run++) {
            spans.add(new Span(text.text.substring(text.runStart(run), text.runEnd(run)), text.runTrusted(run)));
        }
        return spans;
    }

    /**
     * Renders the template to learn what it does with its input, within a part of the limits.
     *
     * @param variables as for {@link #render}
     * @param clock as for {@link #render}
     * @return what was seen, also when the rendering failed
     */
    public Probe probe(Map<String, ?> variables, Clock clock) {
        Usage usage = new Usage();
        try {
            String text = run(variables, new Runtime(limits.forProbes(), clock, usage)).text;
            return new Probe(true, text, usage.used(), usage.iterated());
        } catch (TemplateException e) {
            return new Probe(false, "", usage.used(), usage.iterated());
        }
    }

    private Str run(Map<String, ?> variables, Runtime runtime) {
        try {
            Scope scope = new Scope(null);
            Conversion conversion = new Conversion(runtime.usage);
            variables.forEach((name, value) -> scope.set(name, conversion.convert(value, name)));
            return new Interpreter(runtime).render(body, scope);
        } catch (EvalException e) {
            throw new TemplateException(e.getMessage(), runtime.line());
        } catch (StackOverflowError e) {
            throw new LimitException("The evaluation is nested too deeply", runtime.line());
        }
    }

    /**
     * What a rendering did.
     *
     * @param succeeded false when the template failed
     * @param text the rendering, empty when it failed
     * @param used paths of the input values that were read, such as {@code messages[0].content}
     * @param iterated paths of those that were looped over or indexed by number
     */
    public record Probe(boolean succeeded, String text, Set<String> used, Set<String> iterated) {}
}
