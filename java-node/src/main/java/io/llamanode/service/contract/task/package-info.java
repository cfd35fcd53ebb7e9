/**
 * What sessions and tasks are asked for and what they give: inputs, options, events, results.
 *
 * <p>It must not know models' configurations, engines, samplers or Erlang terms.
 */
@NullMarked
package io.llamanode.service.contract.task;

import org.jspecify.annotations.NullMarked;
