/**
 * Reads certificates and keys from files in PEM. It knows nobody.
 */
@NullMarked
package io.llamanode.pem;

import org.jspecify.annotations.NullMarked;
