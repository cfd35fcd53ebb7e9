# For the scripts beside this one: where things are, and whether they are built. Sourced.
root=$(dirname "$(dirname "$(readlink -f "$0")")")
jar=$root/priv/llama-node.jar
tests=$root/java-node/target/test-classes
ebin=$root/_build/default/lib/llama_node/ebin
work=$root/_build/bench
home=$("$root/priv/bin/find-java")
mkdir -p "$work"

# need TARGET FILE...: ends the script if one is missing that `make TARGET` makes.
need() {
    target=$1
    shift
    for needed in "$jar" "$@"; do
        [ -r "$needed" ] || { echo "bench: $needed is missing: run 'make $target'" >&2; exit 1; }
    done
}

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
