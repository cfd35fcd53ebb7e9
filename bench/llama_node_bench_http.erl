%% @doc The variant that a user would have instead: llama-server of llama.cpp, streaming over HTTP to a process for
%% each stream. `LLAMA_SERVER' is the path of the program.
-module(llama_node_bench_http).

-export([open/2, run/3, close/1]).

-define(READY_MS, 120000).
-define(TIMEOUT, 300000).

-type server() :: {port(), inet:port_number()}.

%% @doc Starts the program and waits until it has loaded the model.
-spec open(llama_node_bench:settings(), pos_integer()) -> server().
open(#{model := Model, n_ctx := NCtx, n_batch := NBatch, threads := Threads}, Streams) ->
    {ok, _} = application:ensure_all_started(inets),
    ok = httpc:set_options([{max_sessions, 2 * Streams}, {max_keep_alive_length, 1}]),
    HttpPort = free_port(),
    Log = filename:join(os:getenv("BENCH_WORK"), "server.log"),
    Arguments = ["-m", Model, "-c", NCtx * Streams, "-np", Streams, "-b", NBatch, "-ub", NBatch, "-t", Threads,
                 "-tb", Threads, "--host", "127.0.0.1", "--port", HttpPort],
    %% The shell ends the program when its standard input ends, which is when this runtime does.
    Script = "log=$1; shift; \"$@\" > \"$log\" 2>&1 & pid=$!; cat > /dev/null; kill $pid; wait $pid",
    Program = open_port({spawn_executable, "/bin/sh"},
                        [{args, ["-c", Script, "sh", Log, os:getenv("LLAMA_SERVER") | [text(A) || A <- Arguments]]},
                         exit_status, binary]),
    ok = await_ready(HttpPort, erlang:monotonic_time(millisecond) + ?READY_MS),
    {Program, HttpPort}.

text(Number) when is_integer(Number) -> integer_to_list(Number);
text(Text) -> Text.

free_port() ->
    {ok, Socket} = gen_tcp:listen(0, [{ip, {127, 0, 0, 1}}]),
    {ok, Port} = inet:port(Socket),
    ok = gen_tcp:close(Socket),
    Port.

await_ready(Port, Deadline) ->
    case httpc:request(get, {url(Port, "/health"), []}, [{timeout, 1000}], []) of
        {ok, {{_, 200, _}, _, _}} ->
            ok;
        Other ->
            erlang:monotonic_time(millisecond) < Deadline orelse error({llama_server, Other}),
            timer:sleep(100),
            await_ready(Port, Deadline)
    end.

url(Port, Path) ->
    "http://127.0.0.1:" ++ integer_to_list(Port) ++ Path.

%% @doc Runs all streams at once, each in a process of its own.
-spec run(server(), [string()], pos_integer()) -> [llama_node_bench:timeline()].
run({_, Port}, Prompts, Tokens) ->
    Clients = [spawn_monitor(client(Port, Prompt, Tokens)) || Prompt <- Prompts],
    Start = erlang:monotonic_time(microsecond),
    _ = [Pid ! {go, Start} || {Pid, _} <- Clients],
    [receive {'DOWN', Ref, process, Pid, {timeline, Timeline}} -> Timeline;
             {'DOWN', Ref, process, Pid, Reason} -> error(Reason)
     end || {Pid, Ref} <- Clients].

%% The same sampling as everybody's: the best token, whatever ends a text.
client(Port, Prompt, Tokens) ->
    Body = io_lib:format("{\"prompt\":\"~s\",\"n_predict\":~b,\"stream\":true,\"cache_prompt\":false,"
                         "\"ignore_eos\":true,\"samplers\":[\"top_k\"],\"top_k\":1}", [Prompt, Tokens]),
    Request = {url(Port, "/completion"), [], "application/json", iolist_to_binary(Body)},
    fun() ->
        Start = receive {go, Time} -> Time end,
        {ok, Id} = httpc:request(post, Request, [{timeout, ?TIMEOUT}], [{sync, false}, {stream, self}]),
        exit({timeline, events(Id, Start, <<>>, [])})
    end.

events(Id, Start, Rest, Pieces) ->
    receive
        {http, {Id, stream_start, _}} -> events(Id, Start, Rest, Pieces);
        {http, {Id, stream, Part}} -> lines(Id, Start, <<Rest/binary, Part/binary>>, Pieces);
        {http, {Id, Other}} -> exit({llama_server, Other})
    after ?TIMEOUT ->
        exit(llama_server_timeout)
    end.

lines(Id, Start, Text, Pieces) ->
    case binary:split(Text, <<"\n\n">>) of
        [Event, Rest] ->
            Now = erlang:monotonic_time(microsecond) - Start,
            case binary:match(Event, <<"\"stop\":true">>) of
                nomatch ->
                    case re:run(Event, "\"content\":\"\"") of
                        nomatch -> lines(Id, Start, Rest, [Now | Pieces]);
                        _ -> lines(Id, Start, Rest, Pieces)
                    end;
                _ ->
                    {number(Event, "tokens_evaluated"), number(Event, "tokens_predicted"), Now, lists:reverse(Pieces)}
            end;
        [_] ->
            events(Id, Start, Text, Pieces)
    end.

number(Event, Key) ->
    {match, [Number]} = re:run(Event, ["\"", Key, "\":([0-9]+)"], [{capture, [1], list}]),
    list_to_integer(Number).

%% @doc Ends the program and waits until it has ended.
-spec close(server()) -> ok.
close({Program, _}) ->
    true = port_close(Program),
    ok.
