package io.llamanode.protocol;

import com.ericsson.otp.erlang.OtpErlangBinary;
import com.ericsson.otp.erlang.OtpErlangBoolean;
import com.ericsson.otp.erlang.OtpErlangList;
import com.ericsson.otp.erlang.OtpErlangMap;
import io.llamanode.service.contract.Capability;
import io.llamanode.service.contract.ServerReport;
import io.llamanode.service.contract.model.ModelHeader;
import io.llamanode.service.contract.model.ModelInspection;
import io.llamanode.service.contract.model.ModelReport;
import io.llamanode.service.contract.task.TokenPiece;
import io.llamanode.term.Terms;
import java.util.List;
import java.util.Objects;

/** Models and their tokens as docs/protocol.md, sections 2 and 5, writes them. */
final class ModelEncoder {
    private ModelEncoder() {}

    static OtpErlangList models(List<ModelReport> models) {
        return Terms.list(models, ModelEncoder::model);
    }

    private static OtpErlangMap model(ModelReport model) {
        ServerReport server = model.server();
        Terms.MapBuilder told = server == null ? header(Objects.requireNonNull(model.header())) : server(server);
        return SettingEncoder.put(told, model.settings())
                .put("id", model.id())
                .put("default", new OtpErlangBoolean(model.isDefault()))
                .put("n_ctx", server == null ? (Integer) model.nCtx() : server.nCtx())
                .put("n_parallel", model.nParallel())
                .put("max_queue", model.maxQueue())
                .put("tasks", model.tasks())
                .put("use_count", model.useCount())
                .put("loaded_ms_ago", model.loadedMsAgo())
                .put("last_used_ms_ago", model.lastUsedMsAgo())
                .put(
                        "chat_template",
                        model.header() == null
                                ? null
                                : new OtpErlangBoolean(model.header().chatTemplate() != null))
                .build();
    }

    /** What a server told of a model that it runs; what it did not tell is left out. */
    static Terms.MapBuilder server(ServerReport server) {
        return Terms.map()
                .put("engine", Terms.atom("llama_server"))
                .put("url", server.url())
                .put("server_kind", server.kind() == null ? null : Terms.atom(server.kind()))
                .put("server_model", server.model())
                .put("server_build", server.build())
                .put("server_down", server.trouble())
                .put("server_pid", server.pid())
                .put("trust_content", new OtpErlangBoolean(server.trustContent()))
                .put(
                        "fallback",
                        server.fallback() == null ? null : server.fallback().id())
                .put(
                        "fallback_tasks",
                        server.fallback() == null
                                ? null
                                : (Long) server.fallback().tasks())
                .put("n_ctx_train", server.nCtxTrain())
                .put("n_vocab", server.nVocab())
                .put("n_embd", server.nEmbd())
                .put("n_params", server.nParams())
                .put("size_bytes", server.sizeBytes())
                .put(
                        "capabilities",
                        Terms.list(server.capabilities().stream().sorted().toList(), Terms::atom));
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
