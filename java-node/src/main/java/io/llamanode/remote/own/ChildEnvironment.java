package io.llamanode.remote.own;

import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The environment of a server: that of this process without what is secret there and no business of the server. A text in
 * its name says that a variable is a secret, or an address in its value that holds a password.
 */
final class ChildEnvironment {
    /** By which llama-server learns its key; a command line is read by everybody on the machine. */
    static final String KEY = "LLAMA_API_KEY";

    /** Of this node, and of the runtime that started it. */
    private static final Pattern OTHERS = Pattern.compile("LLAMA_NODE_.*|RELEASE_.*|ERL_.*FLAGS|ERL_ZFLAGS");

    private static final Pattern SECRET = Pattern.compile(".*(KEY|TOKEN|SECRET|PASS|COOKIE|CREDENTIAL).*");
    /** Settings of llama-server, and what it fetches models with. */
    private static final Pattern ITS_OWN = Pattern.compile("LLAMA_ARG_.*|HF_TOKEN");

    private static final Pattern PASSWORD = Pattern.compile("(?s).*://[^/@\\s]*:[^/@\\s]*@.*");

    private ChildEnvironment() {}

    /**
     * Makes an environment that of a server.
     *
     * @param variables of this process; changed
     * @param key that the server is to ask for
     */
    static void reduce(Map<String, String> variables, String key) {
        variables.entrySet().removeIf(entry -> isSecret(entry.getKey().toUpperCase(Locale.ROOT), entry.getValue()));
        variables.put(KEY, key);
    }

    private static boolean isSecret(String name, String value) {
        if (ITS_OWN.matcher(name).matches()) {
            return false;
        }
        return OTHERS.matcher(name).matches()
                || SECRET.matcher(name).matches()
                || PASSWORD.matcher(value).matches();
    }
}
