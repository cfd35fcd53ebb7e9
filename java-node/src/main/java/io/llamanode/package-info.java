/** The entry point of the program. It must know nothing but the two ways in: a BEAM's port, and the command line. */
@NullMarked
package io.llamanode;

import org.jspecify.annotations.NullMarked;
