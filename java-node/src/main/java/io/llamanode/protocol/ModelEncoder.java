package io.llamanode.protocol;

import com.ericsson.otp.erlang.OtpErlangBinary;
import com.ericsson.otp.erlang.OtpErlangBoolean;
import com.ericsson.otp.erlang.OtpErlangList;
import com.ericsson.otp.erlang.OtpErlangMap;
import io.llamanode.service.contract.Capability;
import io.llamanode.service.contract.model.ModelHeader;
import io.llamanode.service.contract.model.ModelInspection;
import io.llamanode.service.contract.model.ModelReport;
import io.llamanode.service.contract.task.TokenPiece;
import io.llamanode.term.Terms;
import java.util.List;

/** Models and their tokens as docs/protocol.md, sections 2 and 5, writes them. */
final class ModelEncoder {
    private ModelEncoder() {}

    static OtpErlangList models(List<ModelReport> models) {
        return Terms.list(models, ModelEncoder::model);
    }

    private static OtpErlangMap model(ModelReport model) {
        return SettingEncoder.put(header(model.header()), model.settings())
                .put("id", model.id())
                .put("default", new OtpErlangBoolean(model.isDefault()))
                .put("n_ctx", model.nCtx())
                .put("n_parallel", model.nParallel())
                .put("max_queue", model.maxQueue())
                .put("tasks", model.tasks())
                .put("use_count", model.useCount())
                .put("loaded_ms_ago", model.loadedMsAgo())
                .put("last_used_ms_ago", model.lastUsedMsAgo())
                .put("chat_template", new OtpErlangBoolean(model.header().chatTemplate() != null))
                .build();
    }

    static OtpErlangMap inspection(ModelInspection inspection) {
        return header(inspection.header())
                .put("chat_template", inspection.header().chatTemplate())
                .put(
                        "memory",
                        Terms.map()
                                .put("required_bytes", inspection.requiredBytes())
                                .put("available_bytes", inspection.availableBytes())
                                .build())
                .build();
    }

    private static Terms.MapBuilder header(ModelHeader header) {
        return Terms.map()
                .put("path", header.path())
                .put("architecture", header.architecture())
                .put("name", header.name())
                .put("n_params", header.nParams())
                .put("quantization", header.quantization())
                .put("size_bytes", header.sizeBytes())
                .put("file_bytes", header.fileBytes())
                .put("n_ctx_train", header.nCtxTrain())
                .put("n_embd", header.nEmbd())
                .put("n_layer", header.nLayer())
                .put("n_vocab", header.nVocab())
                .put("capabilities", Terms.list(capabilities(header), Terms::atom));
    }

    private static List<Capability> capabilities(ModelHeader header) {
        return header.capabilities().stream().sorted().toList();
    }

    static OtpErlangList pieces(List<TokenPiece> tokens) {
        return Terms.list(
                tokens,
                token -> Terms.map()
                        .put("id", token.id())
                        .put("piece", new OtpErlangBinary(token.piece()))
                        .build());
    }
}
