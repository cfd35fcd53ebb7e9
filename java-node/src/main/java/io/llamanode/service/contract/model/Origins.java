package io.llamanode.service.contract.model;

import io.llamanode.service.contract.Origin;
import java.util.Map;

/**
 * Where the keys of a node's configuration were given.
 *
 * <p>Never changes: for any thread.
 *
 * @param named keys that were given elsewhere than the others
 * @param others where the others were
 */
public record Origins(Map<String, Origin> named, Origin others) {
    /**
     * {@return where a key was given}
     *
     * @param key that was given
     */
    public Origin of(String key) {
        return named.getOrDefault(key, others);
    }
}
