package io.llamanode.service.prompt;

import io.llamanode.service.contract.Capability;
import io.llamanode.service.contract.Origin;
import io.llamanode.service.contract.Setting;
import io.llamanode.service.contract.model.ModelConfig;
import io.llamanode.service.contract.model.ModelDefaults;
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
            settings.putAll(ofTasks(defaults));
            ModelDefaults ofFile = new ModelDefaults(model.sampling(), ChatOptions.NONE, null);
            ofFile.values().keySet().forEach(key -> set(settings, key, Origin.MODEL));
        }
        return Setting.told(settings, config.settings(), from);
    }

    private static Map<String, Setting> ofTasks(ModelDefaults defaults) {
        Map<String, Setting> settings = new LinkedHashMap<>();
        OptionValues.of(GenerationDefaults.complete(defaults.options(), GenerationOptions.NONE))
                .forEach((key, value) -> settings.put(key, new Setting(value, Origin.DEFAULT)));
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
     * @return all settings by the keys of docs/protocol.md
     */
    public static Map<String, Setting> of(SessionConfig given, SessionConfig config, Map<String, Setting> model) {
        ModelDefaults whole = new ModelDefaults(config.defaults(), config.chat(), config.systemPrompt());
        Map<String, Setting> settings = ofTasks(whole);
        model.forEach((key, setting) -> set(settings, key, setting.from()));
        ModelDefaults own = new ModelDefaults(given.defaults(), given.chat(), given.systemPrompt());
        own.values().keySet().forEach(key -> set(settings, key, Origin.SESSION));
        return settings;
    }
}
