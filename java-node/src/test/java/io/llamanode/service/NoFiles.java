package io.llamanode.service;

import io.llamanode.service.contract.NodeStatus;
import io.llamanode.service.contract.model.ModelConfig;
import io.llamanode.service.model.LoadedModel;
import io.llamanode.service.model.ModelLoader;

/** Of a node that has models of servers only. */
final class NoFiles implements ModelLoader {
    @Override
    public LoadedModel load(ModelConfig config, LoadProgress progress) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Preview preview(ModelConfig config) {
        throw new UnsupportedOperationException();
    }

    @Override
    public NodeStatus.Library library() {
        return NodeStatus.Library.NONE;
    }
}
