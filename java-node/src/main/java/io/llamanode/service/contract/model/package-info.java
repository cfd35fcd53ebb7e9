/**
 * What is asked and told of models and adapters: configurations, headers, reports; and the node's own limits.
 *
 * <p>It must not know how a file is read or a model is loaded.
 */
@NullMarked
package io.llamanode.service.contract.model;

import org.jspecify.annotations.NullMarked;
