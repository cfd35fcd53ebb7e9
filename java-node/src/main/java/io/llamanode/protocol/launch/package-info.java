/**
 * What is said before there are requests: the launch configuration that the owner of a port node sends, the configuration
 * file of a service, and the frames of control and log.
 *
 * <p>It must not know processes, files or sockets; it checks what it is given.
 */
@NullMarked
package io.llamanode.protocol.launch;

import org.jspecify.annotations.NullMarked;
