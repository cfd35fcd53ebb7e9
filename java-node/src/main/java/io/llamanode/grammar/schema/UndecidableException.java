package io.llamanode.grammar.schema;

/** Something can not be worked out; whoever knows the place in the schema tells the caller. */
final class UndecidableException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String keyword;

    UndecidableException(String keyword, String reason) {
        super(reason);
        this.keyword = keyword;
    }

    String keyword() {
        return keyword;
    }
}
