/**
 * Readers of whole answers, by the kind of their frame: marked parts, gpt-oss' channels, functionary's recipients. They
 * tell content, reasoning and calls apart, and read again as content what turns out to be no call.
 *
 * <p>Knows nothing of templates, nor which family of models an answer comes from.
 */
@NullMarked
package io.llamanode.chat.tools.machine;

import org.jspecify.annotations.NullMarked;
