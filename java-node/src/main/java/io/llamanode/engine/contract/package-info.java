/**
 * What is asked of an engine and what it tells: requests, listeners, sizes, its state. Data, and one interface to hear by.
 *
 * <p>It must know nothing of how an engine works, so that whoever asks depends on nothing that may change there.
 */
@NullMarked
package io.llamanode.engine.contract;

import org.jspecify.annotations.NullMarked;
