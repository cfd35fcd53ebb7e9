/**
 * Speaks HTTP with one server: requests out, the bytes of answers in, time-outs, and what went wrong in words.
 *
 * <p>It must not know what is asked or answered.
 */
@NullMarked
package io.llamanode.remote.http;

import org.jspecify.annotations.NullMarked;
