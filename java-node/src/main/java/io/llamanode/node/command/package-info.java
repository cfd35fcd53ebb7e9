/**
 * The command line of {@code bin/llama-node}: reads the configuration from all its sources, runs a node, and asks one that
 * runs. docs/operations.md is the reference.
 *
 * <p>It must not know how a node serves requests; it talks to a running one through the control socket alone.
 */
@NullMarked
package io.llamanode.node.command;

import org.jspecify.annotations.NullMarked;
