/**
 * What the service and those who call it say to each other: owners, replies, failures and the state of the node; in
 * {@code task} what tasks ask and give, in {@code model} what is told of models. Plain data without behaviour of its own,
 * safe for any thread. It is the only part of the service that {@code protocol} sees.
 *
 * <p>It must not know how anything is done: no engine, no templates, no files, no Erlang terms.
 */
@NullMarked
package io.llamanode.service.contract;

import org.jspecify.annotations.NullMarked;
