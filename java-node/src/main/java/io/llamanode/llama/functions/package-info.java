/**
 * The C functions and parameter structs of {@code llama.h}, each declared once, and what differs between the releases
 * of llama.cpp. Functions take pointers and numbers as they are: who calls them has checked the arguments. It must not
 * know how a library was found, nor models, contexts or samplers as objects. Nothing outside the binding uses it.
 */
@NullMarked
package io.llamanode.llama.functions;

import org.jspecify.annotations.NullMarked;
