%% A node that hangs: what its callers are told, and when; what is left of them; and what may wait on the way to it.
%% With the Java node.
-module(llama_node_hung_SUITE).
-compile([export_all, nowarn_export_all]).

-include_lib("stdlib/include/assert.hrl").

-import(llama_node_ct, [session/1, endless/0, terminal/1]).

%% A case that hangs must not hold up the others for half an hour.
suite() -> [{timetrap, {minutes, 3}}].

all() ->
    [{group, distribution}, {group, port}, every_function_is_called].

groups() ->
    Cases = [callers_are_answered_in_time, callers_are_answered_in_time_on_a_full_way, what_waits_is_bounded,
             the_options_say_when],
    [{distribution, [], Cases}, {port, [], Cases}].

init_per_suite(Config) ->
    case llama_node_ct:real_node() of
        {ok, Options} -> [{real, Options} | Config];
        Skip -> Skip
    end.

end_per_suite(_) ->
    ok.

init_per_group(Transport, Config) ->
    [{server_options, (proplists:get_value(real, Config))#{transport => Transport}} | Config].

end_per_group(_, _) ->
    ok.

%% Time-outs of the calls.
-define(SHORT, 300).

callers_are_answered_in_time(Config) ->
    answered_in_time(Config, fun (_Server) -> [] end).

callers_are_answered_in_time_on_a_full_way(Config) ->
    answered_in_time(Config, fun (Server) -> fill(Server, 8) end).

%% First the node stops for a while, then for good.
answered_in_time(Config, Fill) ->
    {ok, Server} = llama_node:init_server((llama_node_ct:options(Config))#{pulse_timeout => 6000, stop_timeout => 50}),
    OsPid = llama_node_ct:os_pid(Server),
    Session = session(Server),
    {ok, Task} = llama_node:create_task(Server, Session, completion, endless()),
    Before = processes(),
    ok = llama_node_ct:kill("STOP", OsPid),
    Filling = Fill(Server),
    Overdue = [caller(Name, Call) || {Name, Call} <- with_a_time_out(Server, Session, Task)],
    %% While the node is stopped, and long before it is given up.
    [?assertMatch({Name, {error, {timeout, _}}}, {Name, answer(Caller)}) || {Name, _, _} = Caller <- Overdue],
    ?assert(is_process_alive(Server)),
    ok = llama_node_ct:kill("CONT", OsPid),
    [?assertMatch({error, {invalid_argument, _}}, answer(Caller)) || Caller <- Filling],
    %% The answers to the calls that were given up come before this one.
    pong = llama_node:ping(Server),
    ok = llama_node:cancel_task(Server, Task),
    ok = nothing_runs(Server),
    [?assertEqual({Name, {[], []}}, {Name, left(Caller)}) || {Name, _, _} = Caller <- Overdue],
    [{[], []} = left(Caller) || Caller <- Filling],
    ok = nobody_but(Before),

    {ok, Again} = llama_node:create_task(Server, Session, completion, endless()),
    {ok, Stream} = llama_node:stream_open(Server, Session, completion, endless()),
    {ok, Events} = llama_node:stream(Server, Session, completion, endless()),
    Ref = erlang:monitor(process, Server),
    ok = llama_node_ct:kill("STOP", OsPid),
    Filled = Fill(Server),
    Lost = [caller(Name, Call) || {Name, Call} <- without_a_time_out(Server, Session, Again)],
    [?assertMatch({Name, {error, {node_down, _}}}, {Name, answer(Caller)}) || {Name, _, _} = Caller <- Lost ++ Filled],
    ?assertMatch({error, {node_down, _}}, terminal(Events)),
    ok = await_node_down(Stream),
    receive {'DOWN', Ref, process, _, Reason} -> ?assertMatch({node_down, _}, Reason) end,
    [?assertEqual({Name, {[], []}}, {Name, left(Caller)}) || {Name, _, _} = Caller <- Lost ++ Filled],
    ok = nobody_but(Before -- [Server]),
    ?assertEqual([], llama_node_ct:flush()).

%% Over the distribution, a process that sends to a busy connection would be suspended.
what_waits_is_bounded(Config) ->
    {ok, Server} = llama_node:init_server((llama_node_ct:options(Config))#{pulse_timeout => 60000}),
    OsPid = llama_node_ct:os_pid(Server),
    pong = llama_node:ping(Server),
    ok = llama_node_ct:kill("STOP", OsPid),
    Callers = fill(Server, 60),
    %% One by one they come to wait or are refused, and nobody is held up on the way.
    {Refused, Waiting} = settled(Callers, [], []),
    ?assert(length(Refused) >= 10),
    ?assert(length(Waiting) >= 32),
    [?assertMatch({error, {server_busy, _}}, answer(Caller)) || Caller <- Refused],
    ok = llama_node_ct:kill("CONT", OsPid),
    [?assertMatch({error, {invalid_argument, _}}, answer(Caller)) || Caller <- Waiting],
    ?assertEqual(pong, llama_node:ping(Server)),
    ok = llama_node:destroy_server(Server).

settled([], Refused, Waiting) ->
    {Refused, Waiting};
settled([{_, Pid, _} = Caller | Others], Refused, Waiting) ->
    case process_info(Pid, [status, current_function, dictionary]) of
        [{status, waiting}, {current_function, {?MODULE, has_answer, 1}}, _] ->
            settled(Others, [Caller | Refused], Waiting);
        [{status, waiting}, {current_function, {llama_node_writer, call, 4}}, _] ->
            settled(Others, Refused, [Caller | Waiting]);
        [{status, Status}, _, _] ->
            ?assertNotEqual(suspended, Status),
            erlang:yield(),
            settled([Caller | Others], Refused, Waiting)
    end.

the_options_say_when(Config) ->
    Options = (llama_node_ct:options(Config))#{stop_timeout => 50},
    {ok, Server} = llama_node:init_server(Options#{pulse_interval => 100, pulse_timeout => 2000}),
    {ok, Patient} = llama_node:init_server(Options#{pulse_timeout => 120000}),
    Refs = [erlang:monitor(process, Pid) || Pid <- [Server, Patient]],
    [ok = llama_node_ct:kill("STOP", llama_node_ct:os_pid(Pid)) || Pid <- [Patient, Server]],
    receive {'DOWN', Ref, process, _, Reason} -> ?assertEqual({hd(Refs), {node_down, silent}}, {Ref, Reason}) end,
    ok = llama_node:destroy_server(Patient).

every_function_is_called(_Config) ->
    Called = [Name || {Name, _} <- with_a_time_out(s, 1, 2) ++ without_a_time_out(s, 1, 2)],
    %% These start or end a server, have a node of their own, or are called for the open stream.
    Others = [module_info, start_link, child_spec, init_server, connect, destroy_server, list_backends, preflight,
              subscribe, unsubscribe, stream_next, stream_close],
    Exported = lists:usort([Name || {Name, _} <- llama_node:module_info(exports)]),
    ?assertEqual([], Exported -- (Called ++ Others)).

%% Calls

with_a_time_out(Server, Session, Task) ->
    Options = #{timeout => ?SHORT},
    Input = Options#{prompt => <<"Once">>, n_predict => 1 bsl 30, ignore_eos => true},
    Json = <<"{\"prompt\": \"Once\", \"n_predict\": 2000, \"deadline_ms\": 300}">>,
    Fold = fun (_, Acc) -> Acc end,
    Tool = #{name => now, function => fun (_) -> <<"noon">> end},
    [{get_result, fun () -> llama_node:get_result(Server, Task, ?SHORT) end},
     {create_task, fun () -> llama_node:create_task(Server, Session, completion, Input) end},
     {create_task, fun () -> llama_node:create_task(Server, Session, completion, Json) end},
     {stream, fun () -> llama_node:stream(Server, Session, completion, Input) end},
     {stream, fun () -> llama_node:stream(Server, Session, completion, maps:to_list(Input#{active => 3})) end},
     {stream, fun () -> llama_node:stream(Server, Session, completion, Json) end},
     {stream_open, fun () -> llama_node:stream_open(Server, Session, completion, Input) end},
     {stream_fold, fun () -> llama_node:stream_fold(Fold, none, Server, Session, completion, Input) end},
     {chat, fun () -> llama_node:chat(Server, <<"Hi">>, Options) end},
     {chat_tools, fun () -> llama_node:chat_tools(Server, <<"Hi">>, [Tool], Options) end},
     {complete, fun () -> llama_node:complete(Server, <<"Once">>, Options) end},
     {embed, fun () -> llama_node:embed(Server, <<"a">>, Options) end},
     {rerank, fun () -> llama_node:rerank(Server, <<"a">>, [<<"b">>], Options) end}].

without_a_time_out(Server, Session, Task) ->
    Fold = fun (_, Acc) -> Acc end,
    [{Name, fun () -> apply(llama_node, Name, [Server | Args]) end}
     || {Name, Args} <- [{get_status, []}, {ping, []}, {load_model, ["/no/model.gguf", #{}]}, {unload_model, [none]},
                         {list_models, []}, {inspect_model, ["/no/model.gguf"]}, {load_adapter, ["/no/a.gguf", #{}]},
                         {unload_adapter, [none, #{}]}, {list_adapters, []}, {chat, [<<"Hi">>, #{}]},
                         {complete, [<<"Once">>, #{}]}, {embed, [<<"a">>, #{}]}, {rerank, [<<"a">>, [<<"b">>], #{}]},
                         {create_session, [#{}]}, {close_session, [Session]}, {get_session_info, [Session]},
                         {update_session, [Session, #{}]}, {fork_session, [Session]},
                         {checkpoint_session, [Session]}, {rewind_session, [Session, start]},
                         {clear_cache, [Session, all]}, {create_task, [Session, completion, endless()]},
                         {get_result, [Task, infinity]}, {cancel_task, [Task]},
                         {estimate_task, [Session, completion, endless()]}, {stream, [Session, completion, endless()]},
                         {active, [Task, once]}, {stream_open, [Session, completion, endless()]},
                         {tokenize, [<<"a">>]}, {count_tokens, [<<"a">>]}, {detokenize, [[1]]},
                         {apply_template, [#{messages => []}]}, {check_schema, [#{}]},
                         {match, [#{regex => <<"a">>}, <<"a">>]}]]
    ++ [{stream_fold, fun () -> llama_node:stream_fold(Fold, none, Server, Session, completion, endless()) end}].

%% More than the way takes, if there are enough of them.
fill(Server, Count) ->
    Large = binary:copy(<<"x">>, 1 bsl 20),
    [caller(N, fun () -> llama_node:unload_model(Server, Large) end) || N <- lists:seq(1, Count)].

%% A process that makes a call, and then tells its answer and what is left to it.
caller(Name, Call) ->
    {Pid, Ref} = spawn_monitor(fun () -> has_answer(Call()) end),
    {Name, Pid, Ref}.

has_answer(Answer) ->
    receive
        {answer, From} -> From ! {self(), Answer}, has_answer(Answer);
        {left, From} ->
            {monitors, Monitors} = process_info(self(), monitors),
            From ! {self(), {Monitors, llama_node_ct:flush()}}
    end.

answer({_, Pid, Ref}) ->
    Pid ! {answer, self()},
    receive
        {Pid, Answer} -> Answer;
        {'DOWN', Ref, process, Pid, Reason} -> error(Reason)
    end.

left({_, Pid, Ref}) ->
    Pid ! {left, self()},
    receive
        {Pid, Left} ->
            receive {'DOWN', Ref, process, Pid, _} -> Left end;
        {'DOWN', Ref, process, Pid, Reason} -> error(Reason)
    end.

nothing_runs(Server) ->
    case llama_node:get_status(Server) of
        {ok, #{tasks_running := 0, tasks_waiting := 0}} -> ok;
        {ok, _} -> nothing_runs(Server)
    end.

%% Processes of this application end a moment after what they served.
nobody_but(Before) ->
    case [Pid || Pid <- processes() -- Before, Pid =/= self(), is_ours(Pid)] of
        [] -> ok;
        [_ | _] -> erlang:yield(), nobody_but(Before)
    end.

is_ours(Pid) ->
    case process_info(Pid, [initial_call, dictionary]) of
        undefined -> false;
        [{initial_call, {Module, _, _}}, {dictionary, Dictionary}] ->
            {Initial, _, _} = proplists:get_value('$initial_call', Dictionary, {Module, init, 1}),
            lists:prefix("llama_node", atom_to_list(Initial)) andalso Initial =/= ?MODULE
    end.

await_node_down(Stream) ->
    case llama_node:stream_next(Stream) of
        {[{error, {node_down, _}}], Ended} -> {halt, _} = llama_node:stream_next(Ended), llama_node:stream_close(Ended);
        {[_], Next} -> await_node_down(Next)
    end.
