/**
 * Whether schemas are honoured, and texts keep to what answers are kept to, asked without a task and without a model.
 *
 * <p>It knows nothing of sessions and tasks.
 */
@NullMarked
package io.llamanode.service.match;

import org.jspecify.annotations.NullMarked;
