package io.llamanode.service.contract.model;

import io.llamanode.service.contract.Setting;

/** Whether attention is computed without its whole matrix in memory. */
public enum FlashAttention {
    /** Where llama.cpp can. */
    AUTO,
    /** Always. */
    ON,
    /** Never. */
    OFF;

    /** {@return it as an option takes it} */
    public Object value() {
        return this == AUTO ? new Setting.Word("auto") : (Object) (this == ON);
    }
}
