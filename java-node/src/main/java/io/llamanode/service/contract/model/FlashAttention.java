package io.llamanode.service.contract.model;

/** Whether attention is computed without its whole matrix in memory. */
public enum FlashAttention {
    /** Where llama.cpp can. */
    AUTO,
    /** Always. */
    ON,
    /** Never. */
    OFF
}
