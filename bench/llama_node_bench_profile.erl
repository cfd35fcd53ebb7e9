%% @doc Keeps a node busy for Java Flight Recorder: eight sessions stream to eight processes.
-module(llama_node_bench_profile).

-export([main/0]).

-define(STREAMS, 8).
-define(TOKENS, 256).

%% @doc Streams for as many seconds as `BENCH_SECONDS' says, prints the counters of the steps and ends the runtime.
-spec main() -> no_return().
main() ->
    llama_node_bench_program:run(fun () -> profile(list_to_integer(os:getenv("BENCH_SECONDS"))) end).

profile(Seconds) ->
    {ok, Server} =
        llama_node:start_link(#{model => filename:join(os:getenv("BENCH_WORK"), "bench.gguf"), n_parallel => ?STREAMS,
                                n_ctx => 512, n_threads => erlang:system_info(logical_processors_available),
                                log_level => warning}),
    End = erlang:monotonic_time(second) + Seconds,
    Clients = [spawn_monitor(fun () -> client(Server, Number, End) end) || Number <- lists:seq(1, ?STREAMS)],
    _ = [receive {'DOWN', Ref, process, Pid, Reason} -> normal = Reason end || {Pid, Ref} <- Clients],
    {ok, #{library := Library, counters := Counters}} = llama_node:get_status(Server),
    Steps = [schedule_ms, decode_ms, sample_ms, output_ms],
    All = lists:sum([maps:get(Step, Counters) || Step <- Steps]),
    io:format("~ts ~ts: ~b steps, ~b tokens~n", [maps:get(name, Library), maps:get(version, Library),
                                                   maps:get(decode_calls, Counters),
                                                   maps:get(completion_tokens, Counters)]),
    _ = [io:format("  ~s ~.2f%~n", [Step, 100 * maps:get(Step, Counters) / All]) || Step <- Steps],
    %% The node ends too fast for a recording that is written at the end.
    OsPid = integer_to_list(llama_node_bench_program:os_pid(Server)),
    _ = os:cmd(lists:join(" ", [os:getenv("BENCH_JCMD"), OsPid, "JFR.dump",
                                "filename=" ++ os:getenv("BENCH_RECORDING")])),
    unlink(Server),
    llama_node:destroy_server(Server).

client(Server, Number, End) ->
    {ok, Session} = llama_node:create_session(Server, #{temperature => 0, ignore_eos => true}),
    stream(Server, Session, Number, End),
    llama_node:close_session(Server, Session).

stream(Server, Session, Number, End) ->
    case erlang:monotonic_time(second) < End of
        true ->
            Prompt = iolist_to_binary(io_lib:format("~b ~b", [Number, erlang:unique_integer([positive])])),
            {ok, Task} = llama_node:stream(Server, Session, completion, #{prompt => Prompt, n_predict => ?TOKENS}),
            done(Task),
            stream(Server, Session, Number, End);
        false ->
            ok
    end.

done(Task) ->
    receive
        {llama_node, Task, {chunk, _}} -> done(Task);
        {llama_node, Task, {done, _}} -> ok
    end.
