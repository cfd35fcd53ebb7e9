/**
 * Models, their adapters and their vocabularies: what is read from a file once and shared by threads. Files are checked
 * before native code sees them. It must not know contexts or samplers, which are made from a model.
 */
@NullMarked
package io.llamanode.llama.model;

import org.jspecify.annotations.NullMarked;
