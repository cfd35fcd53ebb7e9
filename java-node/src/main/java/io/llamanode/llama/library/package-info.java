/**
 * Where libraries of llama.cpp are, which one is taken, and what a loaded one says of itself. It must not know models
 * or anything that is made from them.
 */
@NullMarked
package io.llamanode.llama.library;

import org.jspecify.annotations.NullMarked;
