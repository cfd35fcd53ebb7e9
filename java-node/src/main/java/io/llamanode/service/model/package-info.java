/**
 * A model that is ready to work: finding out what its file is, checking that it fits, loading it, its templates and its
 * engines.
 *
 * <p>It must not know sessions, tasks or the service's lock; who may call what is said by {@link
 * io.llamanode.service.model.LoadedModel}.
 */
@NullMarked
package io.llamanode.service.model;

import org.jspecify.annotations.NullMarked;
