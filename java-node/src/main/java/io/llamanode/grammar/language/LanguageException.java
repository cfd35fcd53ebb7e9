package io.llamanode.grammar.language;

/** What a language is written as says none. The message tells what is wrong, where and what to do, as the end of a sentence. */
public final class LanguageException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    LanguageException(Exception cause) {
        super(cause.getMessage(), cause);
    }
}
