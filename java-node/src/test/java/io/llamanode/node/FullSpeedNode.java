package io.llamanode.node;

import io.llamanode.protocol.launch.LaunchConfig;
import io.llamanode.service.contract.NodeStatus;
import io.llamanode.service.contract.model.ModelConfig;
import io.llamanode.service.model.FakeLoadedModel;
import io.llamanode.service.model.LoadedModel;
import io.llamanode.service.model.ModelLoader;

/**
 * A node whose model costs nothing: what remains is scheduler, delivery, encoding and the way to the BEAM. For
 * {@code bench/wire}. Its model says "!" for ever, a token in each {@code BENCH_STEP_MS} milliseconds of the environment.
 */
final class FullSpeedNode {
    private FullSpeedNode() {}

    public static void main(String[] args) throws Exception {
        new PortNode(StandardStreams.claim(), FullSpeedNode::loader).start();
    }

    static ModelLoader loader(LaunchConfig launch) {
        return new ModelLoader() {
            @Override
            public LoadedModel load(ModelConfig config, LoadProgress progress) {
                FakeLoadedModel model = new FakeLoadedModel("full-speed", 8, 1024);
                model.model.forgetful = true;
                model.model.stepMillis = Integer.parseInt(System.getenv().getOrDefault("BENCH_STEP_MS", "0"));
                return model;
            }

            @Override
            public Preview preview(ModelConfig config) {
                throw new UnsupportedOperationException("there is no file to look at");
            }

            @Override
            public NodeStatus.Library library() {
                return new NodeStatus.Library("none", "", "");
            }
        };
    }
}
