%% What streams of the Java node send, with the tiny model and with servers that run such a model: chunks that make the
%% content, as many as are asked for. After each case the node must still answer and have a slot free.
-module(llama_node_chunks_SUITE).
-compile([export_all, nowarn_export_all]).

-include_lib("stdlib/include/assert.hrl").
-include("llama_node_ct.hrl").

-import(llama_node_ct, [server/1, own_session/1, task/3, endless/0, events/1, terminal/1]).

%% A case that hangs must not hold up the others for half an hour.
suite() -> [{timetrap, {minutes, 3}}].

all() -> llama_node_engine_ct:all().

groups() ->
    Groups = [{group, streams}, {group, demand}],
    llama_node_engine_ct:groups(Groups, Groups) ++
    [{streams, [], [chunks_make_the_content, chunks_are_utf8, fold, fold_stops, cancelled_stream, consumer_is_killed,
                    streams_side_by_side, streams_past_the_context]},
     {demand, [], [once_at_a_time, so_many_at_a_time, passive_from_the_start, passive_and_active_again,
                   active_and_passive, cancelled_while_text_waits, passive_consumer_dies, too_much_text_waits,
                   coalesced, demand_of_nobody, enumerated, closed_early]}].

init_per_suite(Config) ->
    Config.

end_per_suite(_) ->
    ok.

init_per_group(Group, Config) ->
    llama_node_ct:start_over(Group, #{}, Config).

end_per_group(Group, Config) ->
    llama_node_ct:stop_over(Group, Config).

end_per_testcase(_, Config) ->
    llama_node_ct:check_real(Config).

%% Streams

chunks_make_the_content(Config) ->
    {ok, Task} = llama_node:stream(server(Config), own_session(Config), completion,
                                   #{prompt => <<"Once upon a time">>, temperature => 0, n_predict => 40}),
    {Chunks, {done, #{content := Content, task_id := Task}}} = events(Task),
    ?assertEqual(lists:seq(0, length(Chunks) - 1), [Index || #{index := Index} <- Chunks]),
    ?assertEqual(Content, iolist_to_binary([Text || #{content := Text} <- Chunks])),
    %% The result came with the event and is not kept.
    ?CODE(task_not_found, llama_node:get_result(server(Config), Task, 0)),
    ?assertEqual([], llama_node_ct:flush()).

chunks_are_utf8(Config) ->
    Session = own_session(Config),
    [begin
         %% Hot enough for the model to spell bytes, most of them no UTF-8.
         {ok, Task} = llama_node:stream(server(Config), Session, completion,
             #{prompt => <<"日本語 😀"/utf8>>, temperature => 50, top_k => 0, top_p => 1, min_p => 0,
               seed => Seed, n_predict => 60, ignore_eos => true}),
         {Chunks, {done, #{content := Content}}} = events(Task),
         [?assertEqual(Text, unicode:characters_to_binary(Text)) || #{content := Text} <- Chunks],
         ?assertEqual(Content, iolist_to_binary([Text || #{content := Text} <- Chunks]))
     end || Seed <- lists:seq(1, 5)].

fold(Config) ->
    Input = #{prompt => <<"Once upon a time">>, temperature => 0, n_predict => 20},
    {ok, #{content := Content}, Chunks} = llama_node:stream_fold(
        fun ({chunk, #{content := Text}}, Acc) -> [Text | Acc] end, [],
        server(Config), own_session(Config), completion, Input),
    ?assertEqual(Content, iolist_to_binary(lists:reverse(Chunks))),
    ?assertEqual([], llama_node_ct:flush()).

fold_stops(Config) ->
    Fun = fun ({chunk, #{index := 3}}, Acc) -> {stop, Acc}; (_, Acc) -> Acc + 1 end,
    ?assertEqual({stopped, 3},
                 llama_node:stream_fold(Fun, 0, server(Config), own_session(Config), completion, endless())),
    ?assertError(oops, llama_node:stream_fold(fun (_, _) -> error(oops) end, 0, server(Config), own_session(Config),
                                              completion, endless())),
    ?assertEqual([], llama_node_ct:flush()).

cancelled_stream(Config) ->
    {ok, Task} = llama_node:stream(server(Config), own_session(Config), completion, endless()),
    receive {llama_node, Task, {chunk, #{index := 0}}} -> ok end,
    ?assertEqual(ok, llama_node:cancel_task(server(Config), Task)),
    {_, {error, {cancelled, _}}} = events(Task),
    pong = llama_node:ping(server(Config)),
    ?assertEqual([], llama_node_ct:flush()).

%% Both slots are taken by consumers that are killed; end_per_testcase needs one of them.
consumer_is_killed(Config) ->
    Self = self(),
    Consumers = [spawn(fun () ->
        {ok, Task} = llama_node:stream(server(Config), own_session(Config), completion, endless()),
        receive {llama_node, Task, {chunk, _}} -> Self ! {running, self()} end,
        receive never -> ok end
    end) || _ <- [1, 2]],
    [receive {running, Pid} -> exit(Pid, kill) end || Pid <- Consumers].

streams_side_by_side(Config) ->
    Server = server(Config),
    Session = own_session(Config),
    Input = #{prompt => <<"Once upon a time">>, temperature => 0, n_predict => 10, ignore_eos => true},
    Tasks = [element(2, llama_node:stream(Server, Session, completion, Input)) || _ <- lists:seq(1, 6)],
    Contents = [begin {_, {done, #{content := Content}}} = events(Task), Content end || Task <- Tasks],
    ?assertEqual(6, length(Contents)),
    ?assertEqual([], llama_node_ct:flush()).

%% All slots full, out of step because one of them began with something cached: the cells that become
%% free are scattered then.
streams_past_the_context(Config) ->
    Server = server(Config),
    Session = own_session(Config),
    {ok, #{counters := #{context_shifts := Before}}} = llama_node:get_status(Server),
    {ok, _} = llama_node:complete(Server, <<"Once">>, #{n_predict => 1, ignore_eos => true}),
    Input = (endless())#{n_predict => 600},
    Tasks = [element(2, llama_node:stream(Server, Session, completion, Input)) || _ <- [1, 2]],
    [?assertMatch({_, {done, #{usage := #{completion_tokens := 600}, finish_reason := length}}}, events(Task))
     || Task <- Tasks],
    {ok, #{counters := #{context_shifts := After}}} = llama_node:get_status(Server),
    %% Nobody sees into a server.
    ?assert(After >= Before + llama_node_engine_ct:either(4, 0, Config)).

%% Demand

once_at_a_time(Config) ->
    Server = server(Config),
    {ok, Task} = llama_node:stream(Server, own_session(Config), completion, (finite(30))#{active => once}),
    {Chunks, {done, #{content := Content}}} = re_armed(Server, Task, once),
    is_content(Content, Chunks),
    nothing_more(Config).

%% Each number of chunks is followed by the word that there are no more, unless the task ended with them.
so_many_at_a_time(Config) ->
    Server = server(Config),
    {ok, Task} = llama_node:stream(Server, own_session(Config), completion, (endless())#{active => 3}),
    [receive {llama_node, Task, {chunk, #{index := Index}}} -> ok end || Index <- [0, 1, 2]],
    receive {llama_node, Task, passive} -> ok end,
    ok = llama_node:active(Server, Task, 1),
    ok = llama_node:active(Server, Task, 2),
    [receive {llama_node, Task, {chunk, #{index := Index}}} -> ok end || Index <- [3, 4, 5]],
    ok = llama_node:cancel_task(Server, Task),
    ?assertMatch({error, {cancelled, _}}, terminal(Task)),
    nothing_more(Config).

passive_from_the_start(Config) ->
    Server = server(Config),
    Session = own_session(Config),
    {ok, Task} = llama_node:stream(Server, Session, completion, (finite(10))#{active => false}),
    await_idle(Server, Session),
    %% The task is over and its slot is free, and nothing has come.
    nothing_more(Config),
    ok = llama_node:active(Server, Task, once),
    {[#{content := Content, index := 0}], {done, #{content := Content}}} = events(Task),
    ?CODE(task_not_found, llama_node:active(Server, Task, once)),
    nothing_more(Config).

%% However soon its task is over: what is left waits for the demand.
passive_and_active_again(Config) ->
    Server = server(Config),
    {ok, Task} = llama_node:stream(Server, own_session(Config), completion, (finite(200))#{active => once}),
    First = receive {llama_node, Task, {chunk, #{index := 0} = Chunk}} -> Chunk end,
    ok = llama_node:active(Server, Task, false),
    pong = llama_node:ping(Server),
    nothing_more(Config),
    ok = llama_node:active(Server, Task, true),
    {Rest, {done, #{content := Content}}} = events(Task),
    is_content(Content, [First | Rest]),
    nothing_more(Config).

active_and_passive(Config) ->
    Server = server(Config),
    {ok, Task} = llama_node:stream(Server, own_session(Config), completion, endless()),
    receive {llama_node, Task, {chunk, #{index := 0}}} -> ok end,
    ok = llama_node:active(Server, Task, false),
    Some = [Index || {llama_node, _, {chunk, #{index := Index}}} <- llama_node_ct:flush()],
    pong = llama_node:ping(Server),
    nothing_more(Config),
    ok = llama_node:active(Server, Task, once),
    Next = length(Some) + 1,
    receive {llama_node, Task, {chunk, #{index := Index}}} -> ?assertEqual(Next, Index) end,
    ok = llama_node:cancel_task(Server, Task),
    ?assertMatch({error, {cancelled, _}}, terminal(Task)),
    nothing_more(Config).

%% Also one whose task has ended can be cancelled.
cancelled_while_text_waits(Config) ->
    Server = server(Config),
    Session = own_session(Config),
    {ok, Running} = llama_node:stream(Server, Session, completion, (endless())#{active => false}),
    {ok, Ended} = llama_node:stream(Server, Session, completion, (finite(5))#{active => false}),
    ok = llama_node:cancel_task(Server, Running),
    ?assertMatch({[], {error, {cancelled, _}}}, events(Running)),
    await_idle(Server, Session),
    ok = llama_node:cancel_task(Server, Ended),
    ?assertMatch({[], {error, {cancelled, _}}}, events(Ended)),
    ?CODE(task_not_found, llama_node:cancel_task(Server, Ended)),
    nothing_more(Config).

passive_consumer_dies(Config) ->
    Server = server(Config),
    Session = own_session(Config),
    {_, Ref} = spawn_monitor(fun () ->
        {ok, Task} = llama_node:stream(Server, Session, completion, (finite(5))#{active => false}),
        await_idle(Server, Session),
        exit(Task)
    end),
    Task = receive {'DOWN', Ref, process, _, Id} -> Id end,
    %% The node hears of it in its own time.
    ?CODE(task_not_found, await_no_stream(Server, Task, 10000)).

await_no_stream(Server, Task, Retries) ->
    case llama_node:active(Server, Task, false) of
        ok when Retries > 0 -> await_no_stream(Server, Task, Retries - 1);
        Answer -> Answer
    end.

%% On a node that lets so little wait that a small model comes to it soon.
too_much_text_waits(Config) ->
    Options = llama_node_ct:options(Config),
    {ok, Server} = llama_node:init_server(Options#{java_opts => ["-Dllamanode.stream.waiting=1000"]}),
    {ok, Task} = llama_node:stream(Server, llama_node_ct:session(Server), completion, (endless())#{active => false}),
    {[], {error, {server_busy, Message}}} = events(Task),
    ?assertNotEqual(nomatch, string:find(Message, "wait")),
    pong = llama_node:ping(Server),
    {ok, Short} = llama_node:stream(Server, llama_node_ct:session(Server), completion, (finite(5))#{active => false}),
    ok = llama_node:active(Server, Short, true),
    {[_ | _], {done, _}} = events(Short),
    ok = llama_node:destroy_server(Server),
    nothing_more(Config).

coalesced(Config) ->
    Server = server(Config),
    {ok, Task} = llama_node:stream(Server, own_session(Config), completion, (finite(60))#{coalesce_ms => 60000}),
    %% The first one is not delayed, and the end does not wait.
    {[#{index := 0}, #{index := 1}] = Chunks, {done, #{content := Content}}} = events(Task),
    is_content(Content, Chunks),
    {ok, Short} = llama_node:stream(Server, own_session(Config), completion, (endless())#{coalesce_ms => 1}),
    [receive {llama_node, Short, {chunk, #{index := Index}}} -> ok end || Index <- lists:seq(0, 20)],
    ok = llama_node:cancel_task(Server, Short),
    ?assertMatch({error, {cancelled, _}}, terminal(Short)),
    nothing_more(Config).

demand_of_nobody(Config) ->
    Server = server(Config),
    ?CODE(task_not_found, llama_node:active(Server, 1 bsl 52, once)),
    [?CODE(invalid_argument, llama_node:active(Server, Task, Active))
     || {Task, Active} <- [{one, once}, {1, twice}, {1, 0}, {1, -1}, {1, 1.5}, {1, 1 bsl 31}]],
    [?CODE(invalid_argument, llama_node:stream(Server, own_session(Config), completion, (finite(1))#{Key => Value}))
     || {Key, Value} <- [{active, 0}, {active, never}, {active, #{}}, {coalesce_ms, -1}, {coalesce_ms, 60001}]],
    ?CODE(invalid_argument,
          llama_node:create_task(Server, own_session(Config), completion, (finite(1))#{active => once})),
    %% Only who streams is asked how.
    Task = task(Server, own_session(Config), finite(1)),
    ?CODE(task_not_found, llama_node:active(Server, Task, once)).

enumerated(Config) ->
    {ok, Stream} = llama_node:stream_open(server(Config), own_session(Config), completion, finite(150)),
    {Events, Ended} = enumerate(Stream),
    {Chunks, [{done, #{content := Content}}]} = lists:split(length(Events) - 1, Events),
    is_content(Content, [Chunk || {chunk, Chunk} <- Chunks]),
    ok = llama_node:stream_close(Ended),
    nothing_more(Config).

enumerate(Stream) ->
    case llama_node:stream_next(Stream) of
        {halt, Ended} -> {[], Ended};
        {Events, Next} -> {More, Ended} = enumerate(Next), {Events ++ More, Ended}
    end.

closed_early(Config) ->
    {ok, Stream} = llama_node:stream_open(server(Config), own_session(Config), completion, endless()),
    {[{chunk, #{index := 0}}], Next} = llama_node:stream_next(Stream),
    ok = llama_node:stream_close(Next),
    ?assertMatch({ok, #{tasks_running := 0}}, llama_node:get_status(server(Config))),
    {ok, Unread} = llama_node:stream_open(server(Config), own_session(Config), completion, finite(5)),
    ok = llama_node:stream_close(Unread),
    ?CODE(session_not_found, llama_node:stream_open(server(Config), 1 bsl 52, completion, finite(1))),
    nothing_more(Config).

%% Helpers

%% What comes if the rest is asked for each time.
re_armed(Server, Task, Active) ->
    receive
        {llama_node, Task, {chunk, Chunk}} ->
            %% It may have ended with this one.
            _ = llama_node:active(Server, Task, Active),
            {Chunks, Terminal} = re_armed(Server, Task, Active),
            {[Chunk | Chunks], Terminal};
        {llama_node, Task, Terminal} ->
            {[], Terminal}
    end.

is_content(Content, Chunks) ->
    ?assertEqual(lists:seq(0, length(Chunks) - 1), [Index || #{index := Index} <- Chunks]),
    ?assertEqual(Content, iolist_to_binary([Text || #{content := Text} <- Chunks])).

%% The answer to this comes after everything that was sent before.
nothing_more(Config) ->
    pong = llama_node:ping(server(Config)),
    ?assertEqual([], llama_node_ct:flush()).

finite(Tokens) ->
    #{prompt => <<"Once upon a time">>, temperature => 0, n_predict => Tokens, ignore_eos => true}.

await_idle(Server, Session) ->
    case llama_node:get_session_info(Server, Session) of
        {ok, #{tasks_running := 0, tasks_waiting := 0}} -> ok;
        {ok, _} -> await_idle(Server, Session)
    end.
