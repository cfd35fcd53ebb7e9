package io.llamanode.grammar.schema;

/** A schema is not one, has no valid value, or asks for what a grammar can not hold an answer to. */
public final class SchemaException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** The place in the schema. */
    private final String pointer;

    /** The keyword at that place. */
    private final String keyword;

    /**
     * With what is said to the caller.
     *
     * @param pointer JSON pointer of the schema that holds the keyword; empty for the whole
     * @param keyword that can not be honoured; empty if it is none of them
     * @param reason what is wrong and what to do
     */
    public SchemaException(String pointer, String keyword, String reason) {
        super("%s: %s".formatted(place(pointer, keyword), reason));
        this.pointer = pointer;
        this.keyword = keyword;
    }

    private SchemaException(SchemaException cause, String message) {
        super(message, cause);
        this.pointer = cause.pointer;
        this.keyword = cause.keyword;
    }

    /**
     * {@return the same of a schema that is one of several}
     *
     * @param owner comes in front of the place
     */
    public SchemaException in(String owner) {
        return new SchemaException(this, owner + getMessage());
    }

    private static String place(String pointer, String keyword) {
        return keyword.isEmpty() ? "#" + pointer : "#%s/%s".formatted(pointer, Document.escape(keyword));
    }

    /** {@return the JSON pointer of the schema that holds the keyword} */
    public String pointer() {
        return pointer;
    }

    /** {@return whether the schema says something without that keyword, which lenient options leave out} */
    public boolean canBeIgnored() {
        return !keyword.isEmpty() && !keyword.equals("$ref");
    }

    /** {@return the keyword that can not be honoured, empty if it is none of them} */
    public String keyword() {
        return keyword;
    }
}
