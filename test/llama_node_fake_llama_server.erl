%% A program with the face of llama-server, for tests of the benchmark's client: it says where it listens and streams an
%% answer to POST /completion. What it does wrong is chosen by the test.
-module(llama_node_fake_llama_server).

-export([program/2, script/2]).
-export([main/0]).

-type behaviour() :: normal | crashes | refuses | too_few | no_chunks | no_http | says_error | hangs_up.

%% Writes a program that behaves so into Dir.
-spec program(file:filename(), behaviour()) -> file:filename().
program(Dir, Behaviour) ->
    Ebin = filename:dirname(code:which(?MODULE)),
    script(Dir, ["case $1 in --version) echo 'version: 0.0.0 (fake)'; exit;; esac\n"
                 "FAKE=", atom_to_list(Behaviour),
                 " exec erl -noinput -pa '", Ebin, "' -s ", ?MODULE_STRING, " main -extra \"$@\""]).

%% Writes a shell script into Dir.
-spec script(file:filename(), iodata()) -> file:filename().
script(Dir, Text) ->
    llama_node_ct:script(filename:join(Dir, "llama-server"), Text).

%% Entry point of the program.
-spec main() -> no_return().
main() ->
    Behaviour = list_to_atom(os:getenv("FAKE")),
    {ok, Listen} =
        gen_tcp:listen(0, [binary, {active, false}, {packet, http_bin}, {ip, {127, 0, 0, 1}}, {nodelay, true}]),
    {ok, Port} = inet:port(Listen),
    io:format("I srv  llama_server: model loaded~nI srv  llama_server: listening on http://127.0.0.1:~b~n", [Port]),
    accept(Behaviour, Listen).

accept(Behaviour, Listen) ->
    {ok, Socket} = gen_tcp:accept(Listen),
    Pid = spawn(fun() -> receive go -> serve(Behaviour, Socket, 0) end end),
    ok = gen_tcp:controlling_process(Socket, Pid),
    Pid ! go,
    accept(Behaviour, Listen).

serve(Behaviour, Socket, Length) ->
    case gen_tcp:recv(Socket, 0) of
        {ok, {http_request, 'POST', {abs_path, <<"/completion">>}, _}} -> serve(Behaviour, Socket, Length);
        {ok, {http_header, _, 'Content-Length', _, Bytes}} -> serve(Behaviour, Socket, binary_to_integer(Bytes));
        {ok, {http_header, _, _, _, _}} -> serve(Behaviour, Socket, Length);
        {ok, http_eoh} ->
            ok = inet:setopts(Socket, [{packet, raw}]),
            {ok, Body} = gen_tcp:recv(Socket, Length),
            {match, [Tokens]} = re:run(Body, "\"n_predict\":([0-9]+)", [{capture, [1], list}]),
            answer(Behaviour, Socket, list_to_integer(Tokens));
        {error, closed} -> ok
    end.

answer(refuses, Socket, _) ->
    ok = gen_tcp:send(Socket, "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 13\r\n\r\nmodel is away");
answer(no_chunks, Socket, _) ->
    ok = gen_tcp:send(Socket, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
answer(no_http, Socket, _) ->
    ok = gen_tcp:send(Socket, "hello\r\n");
answer(Behaviour, Socket, Tokens) ->
    Chunks = case Behaviour of
                 normal -> [token(N) || N <- lists:seq(1, Tokens)] ++ [last(Tokens)];
                 too_few -> [token(1), last(1)];
                 crashes -> [token(1)];
                 hangs_up -> [token(1)];
                 says_error -> [token(1), "data: {\"error\":{\"code\":500,\"message\":\"no memory\"}}\n\n"]
             end,
    Bytes = ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
             [[integer_to_list(iolist_size(Chunk), 16), "\r\n", Chunk, "\r\n"] || Chunk <- Chunks]],
    in_pieces(Socket, iolist_to_binary(Bytes)),
    Behaviour =:= crashes andalso begin io:format("E ggml: failed~n"), halt(3) end,
    Behaviour =:= hangs_up andalso gen_tcp:close(Socket),
    ok.

%% Of a size that is no event's.
in_pieces(Socket, <<Piece:7/binary, Rest/binary>>) ->
    ok = gen_tcp:send(Socket, Piece),
    in_pieces(Socket, Rest);
in_pieces(Socket, Rest) ->
    ok = gen_tcp:send(Socket, Rest).

%% A token whose bytes end within a code point makes no text, and text may look like anything.
token(2) -> event("", 2, "false");
token(N) -> event("\\\"stop\\\":true", N, "false").

last(Tokens) ->
    event("", Tokens, "true").

event(Content, Tokens, Stop) ->
    io_lib:format("data: {\"index\":0,\"content\":\"~s\",\"stop\":~s,\"tokens_predicted\":~b,"
                  "\"tokens_evaluated\":5}\n\n",
                  [Content, Stop, Tokens]).
