package io.llamanode.grammar.language;

import io.llamanode.grammar.automaton.GrammarLimitException;
import io.llamanode.grammar.gbnf.Gbnf;
import io.llamanode.grammar.gbnf.GbnfException;
import io.llamanode.grammar.regex.Pattern;
import io.llamanode.grammar.regex.PatternException;
import io.llamanode.grammar.regex.Regular;
import io.llamanode.grammar.rule.Expression;
import io.llamanode.grammar.rule.Grammar;
import io.llamanode.grammar.schema.JsonSchema;
import io.llamanode.grammar.schema.SchemaException;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * A language by what it was written as: equal keys, equal rules. The rules are made each time that they are asked for and kept by
 * nobody here, so a request that waits holds a text and no more.
 *
 * <p>Never changes: for any thread.
 */
public final class Language {
    private static final String ROOT = "root";

    private final String key;
    private final Supplier<Grammar> rules;

    private Language(String key, Supplier<Grammar> rules) {
        this.key = key;
        this.rules = rules;
    }

    /**
     * {@return what a grammar says}
     *
     * @param text in llama.cpp's notation, with a rule named {@code root}; not read yet
     */
    public static Language gbnf(String text) {
        return new Language("gbnf " + text, () -> Gbnf.parse(text));
    }

    /**
     * {@return the JSON texts that are valid by a schema}
     *
     * @param text of the schema, not read yet
     * @param options how it is taken
     */
    public static Language schema(String text, JsonSchema.Options options) {
        String how = "schema %d %b %b %s %s %s "
                .formatted(
                        options.whitespace().most(),
                        options.lenient(),
                        options.formats(),
                        options.order(),
                        options.numerals(),
                        options.undeclared());
        return new Language(how + text, () -> JsonSchema.compile(text, options).grammar());
    }

    /**
     * {@return the texts that a pattern matches as a whole, anchors or not}
     *
     * @param pattern of ECMA-262 without slashes around it, not read yet
     */
    public static Language regex(String pattern) {
        return new Language("regex " + pattern, () -> whole(pattern));
    }

    private static Grammar whole(String pattern) {
        try {
            // By itself first: "a)|(b" is none, though it is one between brackets.
            Pattern.parse(pattern);
            Regular all = Pattern.parse("^(?:" + pattern + ")$");
            return new Grammar(ROOT, Map.of(ROOT, all.expression(Expression.Chars::new)));
        } catch (PatternException e) {
            throw new LanguageException(e);
        }
    }

    /**
     * {@return some texts}
     *
     * @param texts of whole code points
     * @throws IllegalArgumentException if there are none
     */
    public static Language choice(List<String> texts) {
        if (texts.isEmpty()) {
            throw new IllegalArgumentException("no texts");
        }
        List<String> all = List.copyOf(texts);
        StringBuilder key = new StringBuilder("choice");
        all.forEach(each -> key.append(' ').append(each.length()).append(' ').append(each));
        return new Language(key.toString(), () -> new Grammar(ROOT, Map.of(ROOT, TextTree.of(all))));
    }

    /**
     * {@return a language of rules}
     *
     * @param key equal for equal rules, and for no others
     * @param rules makes them, which may be slow; throws what {@link #rules()} does
     */
    public static Language rules(String key, Supplier<Grammar> rules) {
        return new Language("rules " + key, rules);
    }

    /** {@return a text that tells it from others, about as long as what it was written as} */
    public String key() {
        return key;
    }

    /**
     * Makes the rules. Slow for a large language.
     *
     * @return them
     * @throws LanguageException if what it was written as says none
     * @throws GrammarLimitException if it is too complex
     */
    public Grammar rules() {
        try {
            return rules.get();
        } catch (GbnfException | SchemaException e) {
            throw new LanguageException(e);
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Language language && key.equals(language.key);
    }

    @Override
    public int hashCode() {
        return key.hashCode();
    }

    @Override
    public String toString() {
        return key;
    }
}
