package io.llamanode.protocol.launch;

import java.nio.file.Path;

/**
 * PEM files for distribution over TLS, where both sides show a certificate.
 *
 * @param certfile the node's certificate, and the intermediate ones behind it
 * @param keyfile its private key, PKCS #8, not encrypted
 * @param cacertfile the authorities that peers' certificates must come from
 */
public record TlsFiles(Path certfile, Path keyfile, Path cacertfile) {}
