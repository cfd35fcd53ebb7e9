package io.llamanode.processor;

import javax.lang.model.element.Element;

/** A declaration that stands for no C function, to be told where it stands. */
final class DeclarationException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient Element where;

    DeclarationException(Element where, String message) {
        super(message);
        this.where = where;
    }

    Element where() {
        return where;
    }
}
