package io.llamanode.transport.dist;

import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpErlangPid;

/**
 * Who waits for the answer to a call; {@code From} of {@code gen_server}.
 *
 * @param pid the calling process
 * @param tag what the answer is marked with: a reference, or {@code [alias | Ref]}
 */
public record From(OtpErlangPid pid, OtpErlangObject tag) {}
