package io.llamanode.grammar.schema;

import io.llamanode.grammar.rule.Expression;

/** How the parts of an object are put together. */
interface Layout {
    Expression open();

    Expression close();

    /** {@return what stands between two properties} */
    Expression separator();

    /** {@return one name} */
    Expression key(String name);

    /** {@return any of some names} */
    Expression key(Texts names);

    /** {@return a property with what may stand behind it; nothing if it can not be} */
    Expression pair(Expression key, Term term);
}
