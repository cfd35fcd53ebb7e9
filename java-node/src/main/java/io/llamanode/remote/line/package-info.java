/**
 * Who may ask a server next: as many at once as it has slots, customers in turn, and nobody while it does not want to be asked
 * or is down.
 *
 * <p>Plain objects: no input or output, no threads.
 */
@NullMarked
package io.llamanode.remote.line;

import org.jspecify.annotations.NullMarked;
