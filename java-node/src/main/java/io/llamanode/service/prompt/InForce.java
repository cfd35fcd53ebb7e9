package io.llamanode.service.prompt;

import io.llamanode.service.contract.Capability;
import io.llamanode.service.contract.Origin;
import io.llamanode.service.contract.Setting;
import io.llamanode.service.contract.model.ModelConfig;
import io.llamanode.service.contract.model.ModelDefaults;
import io.llamanode.service.contract.model.ModelInfo;
import io.llamanode.service.contract.task.ChatOptions;
import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.OptionValues;
import io.llamanode.service.contract.task.SessionConfig;
import io.llamanode.service.model.LoadedModel;
import java.util.LinkedHashMap;
import java.util.Map;

/** What is in force for a model or a session, and where each of it comes from. Keeps no state: for any thread. */
public final class InForce {
    /** What stands for "a free answer" in complete options, which nobody needs to be told. */
    private static final String FREE = "response_format";

    private InForce() {}

    /**
     * Tells what a model is used with.
     *
     * @param model that is loaded
     * @param config how it was
     * @param defaults of its tasks, with what its file says
     * @param from where what the configuration says was given
     * @return all settings by the keys of docs/protocol.md
     */
    public static Map<String, Setting> of(
            LoadedModel model, ModelConfig config, ModelDefaults defaults, Map<String, Origin> from) {
        Map<String, Setting> settings = new LinkedHashMap<>(model.settings());
        if (model.info().capabilities().contains(Capability.COMPLETION)) {
            settings.putAll(ofTasks(defaults, true));
            ModelDefaults ofFile = new ModelDefaults(model.sampling(), ChatOptions.NONE, null);
            ofFile.values().keySet().forEach(key -> set(settings, key, Origin.MODEL));
        }
        return Setting.told(settings, config.settings(), from);
    }

    /**
     * Tells what a model is used with that a server runs.
     *
     * @param info what is known of it
     * @param whole whether the node's defaults hold; else the server's do, which are not told
     * @param config how it was opened
     * @param defaults of its tasks
     * @param from where what the configuration says was given
     * @return all settings that are known by the keys of docs/protocol.md
     */
    public static Map<String, Setting> of(
            ModelInfo info, boolean whole, ModelConfig config, ModelDefaults defaults, Map<String, Origin> from) {
        Map<String, Setting> settings = new LinkedHashMap<>();
        settings.put("n_parallel", new Setting(info.nParallel(), Origin.DEFAULT));
        settings.put("max_queue", new Setting(info.maxQueue(), Origin.DEFAULT));
        if (info.nCtx() != 0) {
            settings.put("n_ctx", new Setting(info.nCtx(), Origin.MODEL));
        }
        if (info.capabilities().contains(Capability.COMPLETION)) {
            settings.putAll(ofTasks(defaults, whole));
        }
        return Setting.told(settings, config.settings(), from);
    }

    /** @param whole whether the node's defaults hold for what these do not say */
    private static Map<String, Setting> ofTasks(ModelDefaults defaults, boolean whole) {
        Map<String, Setting> settings = new LinkedHashMap<>();
        if (whole) {
            OptionValues.of(GenerationDefaults.complete(defaults.options(), GenerationOptions.NONE))
                    .forEach((key, value) -> settings.put(key, new Setting(value, Origin.DEFAULT)));
        }
        defaults.values().forEach((key, value) -> settings.put(key, new Setting(value, Origin.DEFAULT)));
        if (!defaults.values().containsKey(FREE)) {
            settings.remove(FREE);
        }
        return settings;
    }

    private static void set(Map<String, Setting> settings, String key, Origin from) {
        settings.computeIfPresent(key, (_, setting) -> new Setting(setting.value(), from));
    }

    /**
     * Tells what tasks of a session get that do not say.
     *
     * @param given by the session's owner
     * @param config that, with what the model says
     * @param model settings of it
     * @param whole whether the node's defaults hold for what nobody says
     * @return all settings by the keys of docs/protocol.md
     */
    public static Map<String, Setting> of(
            SessionConfig given, SessionConfig config, Map<String, Setting> model, boolean whole) {
        ModelDefaults all = new ModelDefaults(config.defaults(), config.chat(), config.systemPrompt());
        Map<String, Setting> settings = ofTasks(all, whole);
        model.forEach((key, setting) -> set(settings, key, setting.from()));
        ModelDefaults own = new ModelDefaults(given.defaults(), given.chat(), given.systemPrompt());
        own.values().keySet().forEach(key -> set(settings, key, Origin.SESSION));
        return settings;
    }
}
