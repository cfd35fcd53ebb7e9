/**
 * Writes requests: where each option of the API has its place in the request to each kind of server, and what has none.
 *
 * <p>Plain objects: no input or output, no threads.
 */
@NullMarked
package io.llamanode.remote.request;

import org.jspecify.annotations.NullMarked;
