#!/usr/bin/env bash
# A client of the line bridge: connect, load, infer with and without a callback, disconnect.

# Whatever of these is there speaks over a Unix socket; every Debian has the last.
dial() {
    if command -v nc > /dev/null; then exec nc -U "$1"
    elif command -v socat > /dev/null; then exec socat - "UNIX-CONNECT:$1"
    else exec perl -MIO::Socket::UNIX -e '$| = 1; $s = IO::Socket::UNIX->new(shift) or die "no bridge: $!\n";
        $s->autoflush(1); if (fork) { while (<STDIN>) { print $s $_ } shutdown $s, 1; wait } else { print while <$s> }' "$1"
    fi
}

bridge_connect() { coproc BRIDGE { dial "$1"; }; }

bridge_send() { printf '%s\n' "$1" >&"${BRIDGE[1]}"; }

# The next line in $reply; an error ends the script.
bridge_receive() {
    IFS= read -r reply <&"${BRIDGE[0]}" || { echo "the bridge has left" >&2; exit 1; }
    [[ $reply != *'"status":"error"'* ]] || { echo "refused: $(text message)" >&2; exit 1; }
}

bridge_ask() { bridge_send "$1"; bridge_receive; }

# The text of a key of $reply, its escapes undone.
text() {
    local pattern="\"$1\":\"(([^\"\\\\]|\\\\.)*)\""
    [[ $reply =~ $pattern ]] && printf '%b' "${BASH_REMATCH[1]//\\\//\/}"
}

# bridge_stream JSON CALLBACK: calls it with each piece, and whether it is the last.
bridge_stream() {
    bridge_ask "INFER_STREAM $1"
    bridge_receive
    while [[ $reply == *'"final":false'* ]]; do
        "$2" "$(text token)" false
        bridge_receive
    done
    "$2" "" true
}

show() { if [ "$2" = true ]; then echo "(last)"; else printf '"%s" ' "$1"; fi; }

bridge_connect "$1"
bridge_ask PING; echo "ping: $(text message)"
bridge_ask "LOAD $(readlink -f "$2")"; echo "loaded: $(text id)"
bridge_ask 'INFER {"content": "What is Erlang?", "max_tokens": 24}'; echo "answer: $(text data)"
bridge_stream '{"content": "What is a process?", "max_tokens": 12}' show; echo "streamed: $(text data)"
bridge_ask 'TOKENIZE Hello'; [[ $reply =~ \"count\":([0-9]+) ]] && echo "tokens: ${BASH_REMATCH[1]}"
bridge_ask QUIT
