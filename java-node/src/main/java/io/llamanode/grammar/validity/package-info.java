/**
 * Whether a value is valid by a schema, for answers that no grammar could be kept to whole. It looks at values by the schema's keywords
 * and knows nothing of grammars.
 */
@NullMarked
package io.llamanode.grammar.validity;

import org.jspecify.annotations.NullMarked;
