/**
 * What an engine asks of a model: to execute plans, to turn tokens into text and back, to be changed by adapters. Plans are data,
 * so that a test looks at them and a fake model needs no file.
 *
 * <p>It must know nothing of requests or of who decides what a plan holds, and nothing of a native library.
 */
@NullMarked
package io.llamanode.engine.model;

import org.jspecify.annotations.NullMarked;
