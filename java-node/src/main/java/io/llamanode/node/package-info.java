/**
 * The process of a node: its start and its end, its standard streams, where its log goes, its files. A node is started by a
 * BEAM ({@link io.llamanode.node.PortNode}) or as a service ({@link io.llamanode.node.ServiceNode}).
 *
 * <p>It puts service and transport together, and must not know how a command line or a configuration file is read: what
 * it runs with has been checked before. Of native code it calls what takes the standard streams, and nothing else.
 */
@NullMarked
package io.llamanode.node;

import org.jspecify.annotations.NullMarked;
