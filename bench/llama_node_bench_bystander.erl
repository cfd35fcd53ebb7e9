%% @doc A process that notices what others do to a node: it begins a chat every 100 ms whatever became of the last, and
%% reads one stream. A wait counts from when its chat was due. Its processes go before those of the attack, for what is
%% to be seen is what happens to the node and on the way to it, rather than in a runtime with hundreds that are busy.
-module(llama_node_bench_bystander).

-export([start/1, phase/2, stop/1]).
-export_type([seen/0, phase/0]).

-type phase() :: warm_up | before | beside.
-type seen() :: #{phase() => #{waits := [non_neg_integer()], failed := [llama_node_error:error() | term()],
                               gap := non_neg_integer()}}.
%% Of the chats that were due in a phase: milliseconds of those that were answered, and what the others ended with.
%% `gap' is the longest time between two chunks of the stream.

-define(EVERY, 100).
%% Few, for the node must have time left for the load.
-define(TOKENS, 4).
%% Of a chat; one that takes longer has failed.
-define(DEADLINE, 120000).

%% @doc Begins to chat and to read, in the phase `warm_up'.
-spec start(llama_node:server()) -> pid().
start(Server) ->
    spawn_opt(fun () ->
        Self = self(),
        Reader = spawn_opt(fun () -> read(Self, Server) end, [link, {priority, high}]),
        Now = erlang:monotonic_time(millisecond),
        chats(Server, Reader, warm_up, Now, #{}, [])
    end, [link, {priority, high}]).

%% @doc What is due from now on belongs to that phase.
-spec phase(pid(), phase()) -> ok.
phase(Bystander, Phase) ->
    Bystander ! {phase, Phase},
    ok.

%% @doc Begins no more, waits for what is under way, and tells what was seen.
-spec stop(pid()) -> seen().
stop(Bystander) ->
    Ref = erlang:monitor(process, Bystander),
    Bystander ! {stop, self()},
    receive
        {Bystander, Seen} ->
            true = erlang:demonitor(Ref, [flush]),
            Seen;
        {'DOWN', Ref, process, _, Reason} ->
            error({bystander, Reason})
    end.

chats(Server, Reader, Phase, Due, Running, Done) ->
    receive
        {phase, Next} ->
            Reader ! {phase, Next},
            chats(Server, Reader, Next, Due, Running, Done);
        {'DOWN', Ref, process, _, Reason} ->
            {Of, Rest} = maps:take(Ref, Running),
            chats(Server, Reader, Phase, Due, Rest, [{Of, Reason} | Done]);
        {stop, From} ->
            All = Done ++ [{Of, ended(Ref)} || {Ref, Of} <- maps:to_list(Running)],
            Reader ! {stop, self()},
            receive {Reader, Gaps, Failure} -> From ! {self(), seen(All, Gaps, Failure)} end
    after max(0, Due - erlang:monotonic_time(millisecond)) ->
        {_, Ref} = spawn_opt(fun () -> chat(Server, Due) end, [monitor, {priority, high}]),
        chats(Server, Reader, Phase, Due + ?EVERY, Running#{Ref => Phase}, Done)
    end.

ended(Ref) ->
    receive {'DOWN', Ref, process, _, Reason} -> Reason end.

-spec chat(llama_node:server(), integer()) -> no_return().
chat(Server, Due) ->
    Answer = llama_node:chat(Server, <<"Once upon a time">>,
                             #{n_predict => ?TOKENS, ignore_eos => true, timeout => ?DEADLINE}),
    Wait = erlang:monotonic_time(millisecond) - Due,
    case Answer of
        {ok, _} -> exit({answered, Wait});
        {error, Error} -> exit({failed, Error})
    end.

seen(Chats, Gaps, Failure) ->
    maps:from_list([{Phase, #{waits => [Wait || {Of, {answered, Wait}} <- Chats, Of =:= Phase],
                              failed => [Why || {Of, Why} <- Chats, Of =:= Phase, not is_answered(Why)]
                                        ++ [{stream, Why} || {Of, Why} <- Failure, Of =:= Phase],
                              gap => maps:get(Phase, Gaps, 0)}}
                    || Phase <- [warm_up, before, beside]]).

is_answered({answered, _}) -> true;
is_answered(_) -> false.

%% The stream

read(Bystander, Server) ->
    Now = erlang:monotonic_time(millisecond),
    case streaming(Server) of
        {ok, Task} -> read(Bystander, Server, Task, warm_up, Now, #{}, []);
        {error, Error} -> read(Bystander, Server, none, warm_up, Now, #{}, [{warm_up, Error}])
    end.

streaming(Server) ->
    case llama_node:create_session(Server, #{}) of
        {ok, Session} ->
            llama_node:stream(Server, Session, completion,
                              #{prompt => <<"Once">>, n_predict => 1 bsl 30, ignore_eos => true});
        {error, _} = Error ->
            Error
    end.

read(Bystander, Server, Task, Phase, Last, Gaps, Failure) ->
    receive
        {llama_node, Task, {chunk, _}} ->
            Now = erlang:monotonic_time(millisecond),
            read(Bystander, Server, Task, Phase, Now, gap(Phase, Now - Last, Gaps), Failure);
        {llama_node, Task, {_, Why}} ->
            read(Bystander, Server, none, Phase, Last, Gaps, [{Phase, Why}]);
        {phase, Next} ->
            read(Bystander, Server, Task, Next, Last, Gaps, Failure);
        {stop, Bystander} ->
            All = case Task of
                none -> Gaps;
                _ -> gap(Phase, erlang:monotonic_time(millisecond) - Last, Gaps)
            end,
            Bystander ! {self(), All, Failure}
    end.

gap(Phase, Gap, Gaps) ->
    maps:update_with(Phase, fun (Longest) -> max(Gap, Longest) end, Gap, Gaps).
