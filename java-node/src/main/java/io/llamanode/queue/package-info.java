/**
 * Lines in which requests wait, and who goes next: customers in turn, higher priorities first.
 *
 * <p>They must know nothing of what waits.
 */
@NullMarked
package io.llamanode.queue;

import org.jspecify.annotations.NullMarked;
