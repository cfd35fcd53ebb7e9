/**
 * Who may use a native object and when it is freed: counts of users, and memory that goes back to the system. It must
 * not know what the objects are, nor any other package of the binding. Nothing outside the binding uses it.
 */
@NullMarked
package io.llamanode.llama.memory;

import org.jspecify.annotations.NullMarked;
