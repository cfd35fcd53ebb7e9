package io.llamanode.transport.dist;

/** Capability flags of the distribution handshake (erts, "Distribution Protocol", distribution flags). */
final class Dflags {
    static final long EXTENDED_REFERENCES = 0x4;
    static final long DIST_MONITOR = 0x8;
    static final long FUN_TAGS = 0x10;
    static final long DIST_MONITOR_NAME = 0x20;
    static final long NEW_FUN_TAGS = 0x80;
    static final long EXTENDED_PIDS_PORTS = 0x100;
    static final long EXPORT_PTR_TAG = 0x200;
    static final long BIT_BINARIES = 0x400;
    static final long NEW_FLOATS = 0x800;
    static final long SMALL_ATOM_TAGS = 0x4000;
    static final long UTF8_ATOMS = 0x10000;
    static final long MAP_TAG = 0x20000;
    static final long BIG_CREATION = 0x40000;
    static final long HANDSHAKE_23 = 0x1000000;
    static final long UNLINK_ID = 0x2000000;
    static final long MANDATORY_25_DIGEST = 0x4000000;
    static final long V4_NC = 1L << 34;
    static final long ALIAS = 1L << 35;

    /**
     * What a BEAM is shown. Without PUBLISHED the node is hidden; without DIST_HDR_ATOM_CACHE, FRAGMENTS
     * and SPAWN it gets whole frames with plain terms.
     */
    static final long OFFERED = EXTENDED_REFERENCES
            | DIST_MONITOR
            | FUN_TAGS
            | DIST_MONITOR_NAME
            | NEW_FUN_TAGS
            | EXTENDED_PIDS_PORTS
            | EXPORT_PTR_TAG
            | BIT_BINARIES
            | NEW_FLOATS
            | SMALL_ATOM_TAGS
            | UTF8_ATOMS
            | MAP_TAG
            | BIG_CREATION
            | HANDSHAKE_23
            | UNLINK_ID
            | MANDATORY_25_DIGEST
            | V4_NC
            | ALIAS;

    /** What a peer must have; MANDATORY_25_DIGEST stands for these in OTP 25 and later. OTP 23 has them all. */
    static final long REQUIRED = EXTENDED_REFERENCES
            | FUN_TAGS
            | EXTENDED_PIDS_PORTS
            | NEW_FUN_TAGS
            | EXPORT_PTR_TAG
            | BIT_BINARIES
            | NEW_FLOATS
            | UTF8_ATOMS
            | MAP_TAG
            | BIG_CREATION
            | HANDSHAKE_23;

    private Dflags() {}

    /** The flags a peer has, given those it sent. */
    static long effective(long sent) {
        return (sent & MANDATORY_25_DIGEST) == 0 ? sent : sent | REQUIRED;
    }
}
