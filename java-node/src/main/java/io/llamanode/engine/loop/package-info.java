/**
 * What belongs to a thread that works in steps, whatever it computes.
 *
 * <p>It must know nothing of requests or models.
 */
@NullMarked
package io.llamanode.engine.loop;

import org.jspecify.annotations.NullMarked;
