# For the scripts beside this one: builds what they measure, and says where it is. Sourced.
root=$(dirname "$(dirname "$(readlink -f "$0")")")
jar=$root/priv/llama-node.jar
tests=$root/java-node/target/test-classes
ebin=$root/_build/default/lib/llama_node/ebin
work=$root/_build/bench
mkdir -p "$work"
make -C "$root" --no-print-directory --silent bench-build >&2
home=$("$root/priv/bin/find-java")
# The launcher's flags, and what it tells besides.
java_flags="$("$root/priv/bin/llama-node" --java-flags) -Dllamanode.home=$root/priv"

# The models of README.md, in the folder of work; `vocabulary` is the file that theirs is from, or empty.
make_models() {
    vocabulary=${LLAMA_NODE_SHARED:-$root/../shared}/vocab/ggml-vocab-llama-spm.gguf
    [ -r "$vocabulary" ] || { echo "bench: no $vocabulary: using a generated vocabulary" >&2; vocabulary=; }
    "$home/bin/java" -Xmx256m --enable-native-access=ALL-UNNAMED -cp "$tests:$jar" \
        io.llamanode.bench.ModelFile "$work" ${vocabulary:+"$vocabulary"}
}

# A runtime whose schedulers leave the cores to what is measured.
quiet_erl() {
    erl +sbwt none +sbwtdcpu none +sbwtdio none -noinput -pa "$ebin" "$work" -kernel logger_level warning "$@"
}
