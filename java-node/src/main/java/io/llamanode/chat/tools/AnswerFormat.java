package io.llamanode.chat.tools;

import io.llamanode.chat.tools.answer.AnswerMachine;
import io.llamanode.chat.tools.answer.Output;
import io.llamanode.chat.tools.machine.HarmonyMachine;
import io.llamanode.chat.tools.machine.MarkedMachine;
import io.llamanode.chat.tools.machine.RecipientMachine;
import io.llamanode.chat.tools.rules.CallRules;
import io.llamanode.chat.tools.rules.Gaps;
import io.llamanode.chat.tools.rules.HeaderRules;
import io.llamanode.chat.tools.rules.ToolSchemas;
import io.llamanode.chat.tools.syntax.CallSyntax;
import io.llamanode.chat.tools.syntax.CallSyntaxes;
import io.llamanode.chat.tools.syntax.Reasoning;
import io.llamanode.grammar.rule.Grammar;
import io.llamanode.grammar.schema.SchemaException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * How the models of a chat template write reasoning and calls of tools. Immutable: any thread may call it; each answer
 * has a parser of its own.
 */
public final class AnswerFormat {
    /** What kind of machine reads it. */
    enum Kind {
        MARKED,
        HARMONY,
        RECIPIENT
    }

    private static final String ID_CHARACTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    /** Mistral's templates refuse ids of any other length. */
    private static final int ID_LENGTH = 9;

    private static final SecureRandom RANDOM = new SecureRandom();

    private final Kind kind;
    private final @Nullable Reasoning reasoning;
    /** {@code null} but for {@link Kind#MARKED}. */
    private final @Nullable CallSyntax syntax;

    private final List<String> noise;
    private final Written written;

    /**
     * What the template writes itself.
     *
     * @param tools definitions of tools
     * @param calls calls of earlier answers
     * @param results messages of tools
     * @param parallel several calls of one answer
     */
    record Written(boolean tools, boolean calls, boolean results, boolean parallel) {
        static final Written ALL = new Written(true, true, true, true);
    }

    /**
     * @param reasoning {@code null} if there is none
     * @param noise texts around the content that are no part of it
     */
    AnswerFormat(
            Kind kind,
            @Nullable Reasoning reasoning,
            @Nullable CallSyntax syntax,
            List<String> noise,
            Written written) {
        this.kind = kind;
        this.reasoning = reasoning;
        this.syntax = syntax;
        this.noise = noise;
        this.written = written;
    }

    /** Renders conversations with the template in question. */
    @FunctionalInterface
    public interface Rendering {
        /**
         * Renders one conversation; called several times with small ones, to see what the template makes of them.
         *
         * @param messages of a conversation
         * @param tools definitions; may be empty
         * @param generationPrompt whether the prompt ends where the answer begins
         * @return the prompt, or nothing if the template refuses the conversation
         */
        Optional<String> render(
                List<Map<String, Object>> messages, List<Map<String, Object>> tools, boolean generationPrompt);
    }

    /**
     * Finds the format that a template uses, by having it render a call and looking which syntax reads it back.
     *
     * @param source of the template
     * @param rendering renders with it
     * @return the format
     */
    public static AnswerFormat detect(String source, Rendering rendering) {
        return new FormatDetection(source, rendering).detect();
    }

    /** {@return whether answers may hold reasoning} */
    public boolean reasons() {
        return reasoning != null || kind == Kind.HARMONY;
    }

    /** {@return whether an answer without calls is nothing but content} */
    public boolean isPlain() {
        return kind == Kind.MARKED && reasoning == null && noise.isEmpty();
    }

    /** {@return a text that tells it from formats which are written otherwise} */
    public String key() {
        return "%s %s %s %s".formatted(kind, syntax == null ? "" : syntax.family(), reasoning, noise);
    }

    /** {@return whether the template writes calls of earlier answers in the syntax itself} */
    public boolean templateWritesCalls() {
        return written.calls();
    }

    /**
     * Puts what the template does not write itself into the text of messages.
     *
     * @param messages of a conversation
     * @param tools definitions as the template gets them; may be empty
     * @return messages to render along with the same tools
     */
    public List<Map<String, Object>> adapt(List<Map<String, Object>> messages, List<Map<String, Object>> tools) {
        return new ToolAdaptation(syntax, written.tools(), written.calls(), written.results()).adapt(messages, tools);
    }

    /** {@return whether the template can write several calls of one answer} */
    public boolean parallel() {
        return written.parallel() || !written.calls();
    }

    /** {@return whether the template shows how its models write calls; else they are asked for JSON} */
    public boolean isKnown() {
        return kind != Kind.MARKED || written.calls() || !syntax().equals(CallSyntaxes.GENERIC);
    }

    /** {@return name of the family of syntaxes, for logs} */
    public String family() {
        return switch (kind) {
            case HARMONY -> "harmony";
            case RECIPIENT -> "functionary";
            case MARKED -> syntax().family();
        };
    }

    /**
     * {@return the texts that tell the parts of an answer apart: control tokens that stand for a piece of one must be
     * a part of the text that is parsed}
     *
     * @param tools whether tools can be called
     */
    public List<String> markers(boolean tools) {
        if (kind == Kind.HARMONY) {
            return HarmonyMachine.MARKERS;
        }
        List<String> markers = new ArrayList<>(noise);
        if (reasoning != null) {
            markers.add(reasoning.open());
            markers.add(reasoning.close());
        }
        if (tools && kind == Kind.MARKED) {
            markers.addAll(CallSyntaxes.markers(syntax()));
        }
        return markers;
    }

    /**
     * {@return the text that ends the reasoning which a prompt leaves open at its end, or {@code null} if it leaves
     * none open}
     *
     * @param promptEnd what the template wrote last
     */
    public @Nullable String openReasoning(String promptEnd) {
        return reasoning != null
                        && promptEnd.stripTrailing().endsWith(reasoning.open().strip())
                ? reasoning.close()
                : null;
    }

    /**
     * Starts to parse an answer.
     *
     * @param tools definitions of the tools that can be called, as the template gets them; may be empty
     * @param insideReasoning whether the prompt leaves reasoning open
     * @param maxCalls calls that count at most
     * @return a parser for one answer
     */
    public AnswerParser parser(List<Map<String, Object>> tools, boolean insideReasoning, int maxCalls) {
        return parser(tools, insideReasoning, maxCalls, AnswerFormat::newId);
    }

    AnswerParser parser(
            List<Map<String, Object>> tools, boolean insideReasoning, int maxCalls, Supplier<String> newId) {
        return parser(
                tools, insideReasoning, maxCalls, newId, syntax == null ? List.of() : CallSyntaxes.readable(syntax));
    }

    /** {@return a parser that reads calls of the template's own syntax alone} */
    AnswerParser strictParser(List<Map<String, Object>> tools) {
        return parser(tools, false, 1, AnswerFormat::newId, syntax == null ? List.of() : List.of(syntax));
    }

    private AnswerParser parser(
            List<Map<String, Object>> tools,
            boolean insideReasoning,
            int maxCalls,
            Supplier<String> newId,
            List<CallSyntax> syntaxes) {
        Output output = new Output(newId);
        Map<String, Map<String, Object>> schemas = schemas(tools);
        int most = tools.isEmpty() ? 0 : maxCalls;
        AnswerMachine machine = switch (kind) {
            case HARMONY -> new HarmonyMachine(!tools.isEmpty(), most, output);
            case RECIPIENT -> new RecipientMachine(schemas, most, output);
            case MARKED ->
                new MarkedMachine(
                        reasoning,
                        insideReasoning,
                        tools.isEmpty() ? List.of() : syntaxes,
                        noise,
                        schemas,
                        most,
                        output);
        };
        return new AnswerParser(machine, output);
    }

    /**
     * Where an answer begins.
     *
     * @param insideReasoning whether the prompt leaves reasoning open, which the answer has to end first
     * @param mayReason whether the answer may begin with reasoning
     */
    public record Start(boolean insideReasoning, boolean mayReason) {}

    /**
     * Writes the grammar of answers that call tools and say nothing else. Slow for large schemas.
     *
     * @param tools one of which is called; at least one
     * @param start where the answer begins
     * @param most calls that it may make, at least 1
     * @param schemas turns the schemas of the tools into rules
     * @return the rules
     * @throws SchemaException if a schema can not be honoured, and {@code schemas} does not let that pass
     */
    public Grammar calls(List<Map<String, Object>> tools, Start start, int most, ToolSchemas schemas) {
        return new CallGrammar(this).calls(tools, start, most, schemas);
    }

    /**
     * {@return texts that begin calls where an answer may say something else, so that what comes behind one of them is a call; none
     * if nothing marks calls, or the beginning of each part of an answer does}
     */
    public List<String> triggers() {
        return switch (kind) {
            case HARMONY -> List.of(HeaderRules.FUNCTIONS);
            case RECIPIENT -> List.of();
            case MARKED -> new CallRules(syntax(), Gaps.LOOSE).triggers();
        };
    }

    /** {@return whether answers that may call tools can be held to a grammar} */
    public boolean marksCalls() {
        return kind == Kind.RECIPIENT || !triggers().isEmpty();
    }

    /** {@return the texts around what is no call whatever it looks like, {@code null} if there are none} */
    public @Nullable Reasoning quiet() {
        return kind == Kind.HARMONY ? HeaderRules.HARMONY_MESSAGE : reasoning;
    }

    /** {@return whether that may come anywhere in an answer, or at its beginning only} */
    public boolean quietAnywhere() {
        return kind == Kind.HARMONY;
    }

    /**
     * Writes the grammar of what comes behind one of the {@link #triggers}, in answers that may call tools. Slow for large
     * schemas.
     *
     * @param tools that may be called; at least one
     * @param most calls that an answer may make, at least 1
     * @param schemas turns the schemas of the tools into rules
     * @return the rules
     * @throws SchemaException if a schema can not be honoured, and {@code schemas} does not let that pass
     */
    public Grammar behindTrigger(List<Map<String, Object>> tools, int most, ToolSchemas schemas) {
        return new CallGrammar(this).lazy(tools, most, schemas);
    }

    /**
     * Writes the grammar of answers that keep to another one, or call tools instead. Slow for large schemas.
     *
     * @param body what the content of an answer keeps to
     * @param tools that may be called instead; may be empty
     * @param start where the answer begins
     * @param most calls that it may make, at least 1
     * @param schemas turns the schemas of the tools into rules
     * @return the rules
     * @throws SchemaException if a schema can not be honoured, and {@code schemas} does not let that pass
     */
    public Grammar constrained(
            Grammar body, List<Map<String, Object>> tools, Start start, int most, ToolSchemas schemas) {
        return new CallGrammar(this).constrained(body, tools, start, most, schemas);
    }

    boolean isSolar() {
        return noise.contains(FormatDetection.SOLAR_TURN);
    }

    /** {@return the syntax of the calls, where {@link Kind#MARKED} says that there is one} */
    CallSyntax syntax() {
        return Objects.requireNonNull(syntax);
    }

    List<String> noise() {
        return noise;
    }

    Kind kind() {
        return kind;
    }

    @Nullable
    Reasoning reasoning() {
        return reasoning;
    }

    /** {@return the schema of each tool's parameters, by the tool's name} */
    static Map<String, Map<String, Object>> schemas(List<Map<String, Object>> tools) {
        Map<String, Map<String, Object>> schemas = new LinkedHashMap<>();
        for (Map<String, Object> tool : tools) {
            if (tool.get("function") instanceof Map<?, ?> function && function.get("name") instanceof String name) {
                schemas.put(name, object(function.get("parameters")));
            }
        }
        return schemas;
    }

    /** {@return the schemas of an object's properties, by name} */
    static Map<String, Map<String, Object>> properties(Map<String, Object> schema) {
        Map<String, Map<String, Object>> properties = new LinkedHashMap<>();
        object(schema.get("properties")).forEach((name, property) -> properties.put(name, object(property)));
        return properties;
    }

    private static Map<String, Object> object(@Nullable Object value) {
        Map<String, Object> object = new LinkedHashMap<>();
        if (value instanceof Map<?, ?> map) {
            map.forEach((key, entry) -> object.put(String.valueOf(key), entry));
        }
        return object;
    }

    /** {@return a random id that every template takes} */
    static String newId() {
        StringBuilder id = new StringBuilder(ID_LENGTH);
        for (int i = 0; i < ID_LENGTH; i++) {
            id.append(ID_CHARACTERS.charAt(RANDOM.nextInt(ID_CHARACTERS.length())));
        }
        return id.toString();
    }
}
