package io.llamanode.chat.jinja.syntax;

import io.llamanode.chat.jinja.TemplateException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Splits a template into tokens. Whitespace around tags follows {@code trim_blocks} and {@code lstrip_blocks}, which
 * the chat template environment of Hugging Face transformers switches on.
 */
final class Lexer {
    private static final Pattern RAW_BEGIN = Pattern.compile("\\{%[-+]?\\s*raw\\s*(-?)%}");
    private static final Pattern RAW_END = Pattern.compile("\\{%(-?)[+]?\\s*endraw\\s*([-+]?)%}");

    private final String source;
    private final List<Token> tokens = new ArrayList<>();
    private int position;
    private int line = 1;
    /** Whether {@code position} is the first of a line as far as {@code lstrip_blocks} goes. */
    private boolean lineStarts = true;

    private Lexer(String source) {
        this.source = source;
    }

    static List<Token> tokenize(String template) {
        String source = template.replace("\r\n", "\n").replace('\r', '\n');
        if (source.endsWith("\n")) {
            source = source.substring(0, source.length() - 1);
        }
        Lexer lexer = new Lexer(source);
        lexer.run();
        return lexer.tokens;
    }

    private void run() {
        while (position < source.length()) {
            int tag = nextTag();
            if (tag < 0) {
                data(source.substring(position));
                position = source.length();
                break;
            }
            char kind = source.charAt(tag + 1);
            char sign = tag + 2 < source.length() ? source.charAt(tag + 2) : ' ';
            data(before(tag, kind, sign));
            advanceTo(tag);
            switch (kind) {
                case '#' -> comment();
                case '%' -> block(sign);
                default -> output(sign);
            }
        }
        add(Token.Kind.END, "");
    }

    private int nextTag() {
        for (int i = source.indexOf('{', position); i >= 0 && i + 1 < source.length(); i = source.indexOf('{', i + 1)) {
            char c = source.charAt(i + 1);
            if (c == '{' || c == '%' || c == '#') {
                return i;
            }
        }
        return -1;
    }

    /** The text up to a tag, without what the tag strips on its left. */
    private String before(int tag, char kind, char sign) {
        String text = source.substring(position, tag);
        if (sign == '-') {
            return text.stripTrailing();
        }
        if (kind == '{' || sign == '+') {
            return text;
        }
        int start = text.lastIndexOf('\n') + 1;
        return (start > 0 || lineStarts) && text.substring(start).isBlank() ? text.substring(0, start) : text;
    }

    private void data(String text) {
        if (!text.isEmpty()) {
            add(Token.Kind.DATA, text);
        }
    }

    private void comment() {
        int end = source.indexOf("#}", position + 2);
        if (end < 0) {
            throw error("A comment is not closed");
        }
        // In "{#-#}" the sign belongs to the beginning.
        char sign = end > position + 3 || end == position + 3 && source.charAt(position + 2) != '-'
                ? source.charAt(end - 1)
                : ' ';
        advanceTo(end + 2);
        afterTag(sign, true);
    }

    private void block(char sign) {
        Matcher raw = RAW_BEGIN.matcher(source).region(position, source.length());
        if (raw.lookingAt()) {
            raw(raw);
            return;
        }
        add(Token.Kind.BLOCK_BEGIN, "{%");
        position += sign == '-' || sign == '+' ? 3 : 2;
        inside("%}", Token.Kind.BLOCK_END, true);
    }

    private void raw(Matcher begin) {
        Matcher end = RAW_END.matcher(source);
        if (!end.find(begin.end())) {
            throw error("'raw' is not closed");
        }
        String text = source.substring(begin.end(), end.start());
        text = begin.group(1).isEmpty() ? text : text.stripLeading();
        advanceTo(begin.end());
        data(end.group(1).isEmpty() ? text : text.stripTrailing());
        advanceTo(end.end());
        afterTag(end.group(2).isEmpty() ? ' ' : end.group(2).charAt(0), true);
    }

    private void output(char sign) {
        add(Token.Kind.OUTPUT_BEGIN, "{{");
        position += sign == '-' || sign == '+' ? 3 : 2;
        inside("}}", Token.Kind.OUTPUT_END, false);
    }

    /** Tokens of a tag up to its end, which counts only outside of brackets: a dictionary may end in two braces. */
    private void inside(String end, Token.Kind endKind, boolean trims) {
        int braces = 0;
        while (true) {
            skipSpace();
            if (position >= source.length()) {
                throw error("A tag is not closed: '" + end + "' is missing");
            }
            char c = source.charAt(position);
            boolean signed = (c == '-' || c == '+') && source.startsWith(end, position + 1);
            if (braces == 0 && (signed || source.startsWith(end, position))) {
                add(endKind, end);
                position += signed ? 3 : 2;
                afterTag(signed ? c : ' ', trims);
                return;
            }
            braces += c == '{' ? 1 : c == '}' ? -1 : 0;
            Scanned scanned = Scanner.scan(source, position, line);
            add(scanned.kind(), scanned.text());
            advanceTo(scanned.end());
        }
    }

    private void afterTag(char sign, boolean trims) {
        int start = position;
        if (sign == '-') {
            skipSpace();
        } else if (trims && sign != '+' && position < source.length() && source.charAt(position) == '\n') {
            advanceTo(position + 1);
        }
        lineStarts = position > start && source.charAt(position - 1) == '\n';
    }

    private void skipSpace() {
        int end = position;
        while (end < source.length() && Character.isWhitespace(source.charAt(end))) {
            end++;
        }
        advanceTo(end);
    }

    private void advanceTo(int end) {
        for (; position < end; position++) {
            if (source.charAt(position) == '\n') {
                line++;
            }
        }
    }

    private void add(Token.Kind kind, String text) {
        tokens.add(new Token(kind, text, line));
    }

    private TemplateException error(String message) {
        return new TemplateException(message, line);
    }

    /** A token and where it ends. */
    record Scanned(Token.Kind kind, String text, int end) {}
}
