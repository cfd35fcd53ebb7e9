%% Models of both engines in one node: each goes on beside the other, and what happens to the one is nothing to the
%% other. The server is scripted, or real where there is one.
-module(llama_node_engines_SUITE).
-compile([export_all, nowarn_export_all]).

-include_lib("stdlib/include/assert.hrl").
-include("llama_node_ct.hrl").

-import(llama_node_ct, [server/1, endless/0, events/1]).

suite() -> [{timetrap, {minutes, 3}}].

all() -> [{group, Group} || Group <- llama_node_engine_ct:servers()].

groups() ->
    Cases = [a_request_chooses_the_engine, streams_side_by_side, both_are_listed_during_streams,
             sessions_stay_with_their_engine, a_server_unloaded_under_its_tasks, a_closed_session_ends_its_streams,
             a_deadline_passes_in_the_line, a_result_is_kept_for_its_time, a_result_is_kept_once,
             tokens_of_the_chosen_model],
    [{scripted, [], Cases ++ [as_many_at_once_as_the_server_has_slots, what_waits_is_never_sent]},
     {real_distribution, [], Cases}, {real_port, [], Cases}].

init_per_group(Group, Config) ->
    case llama_node_engine_ct:start(Group, #{}, Config) of
        {ok, #{url := Url, transport := Transport} = Served, More} ->
            {ok, #{model := Path}} = llama_node_ct:real_node(),
            {ok, Server} = llama_node:init_server(
                #{transport => Transport, log_level => warning, remote_models => [Url], result_ttl_ms => 60000,
                  models => [#{path => Path, id => here, n_ctx => 256, n_parallel => 2, n_threads => 1},
                             (maps:with([engine, url], Served))#{id => there}]}),
            [{server, Server}, {served, Served} | More];
        {skip, _} = Skip ->
            Skip
    end.

end_per_group(_, Config) ->
    ok = llama_node:destroy_server(server(Config)),
    llama_node_engine_ct:stop(Config).

%% Both have a slot free whatever a case did.
end_per_testcase(_, Config) ->
    [{ok, #{usage := #{completion_tokens := 1}}} =
         llama_node:complete(server(Config), <<"Once">>, #{model => Id, n_predict => 1, ignore_eos => true,
                                                           timeout => 60000})
     || Id <- [here, there]],
    ok.

a_request_chooses_the_engine(Config) ->
    [?assertMatch({ok, #{model := Name}},
                  llama_node:complete(server(Config), <<"Once">>, #{model => Id, n_predict => 2}))
     || {Id, Name} <- [{here, <<"here">>}, {there, <<"there">>}]],
    %% The first one is the default.
    ?assertMatch({ok, #{model := <<"here">>}}, llama_node:chat(server(Config), <<"Hi">>, #{max_tokens => 1})).

streams_side_by_side(Config) ->
    Server = server(Config),
    Tasks = [{Id, stream(Id, #{prompt => <<"Once upon a time">>, temperature => 0, n_predict => 30, ignore_eos => true},
                         Config)} || _ <- [1, 2, 3], Id <- [here, there]],
    Contents = [begin
                    {Chunks, {done, #{content := Content, usage := #{completion_tokens := 30}}}} = events(Task),
                    ?assertEqual(Content, iolist_to_binary([Text || #{content := Text} <- Chunks])),
                    Id
                end || {Id, Task} <- Tasks],
    ?assertEqual(6, length(Contents)),
    pong = llama_node:ping(Server),
    ?assertEqual([], llama_node_ct:flush()).

both_are_listed_during_streams(Config) ->
    Server = server(Config),
    Tasks = [running(Id, Config) || Id <- [here, there]],
    {ok, [Here, There]} = llama_node:list_models(Server),
    ?assertMatch(#{id := <<"here">>, default := true, tasks := 1, architecture := <<"llama">>}, Here),
    ?assertMatch(#{id := <<"there">>, default := false, tasks := 1, server_kind := llama_server}, There),
    ?assertNot(is_map_key(architecture, There)),
    {ok, #{tasks_running := 2, models := [_, #{slots := Slots}]}} = llama_node:get_status(Server),
    ?assertMatch([_], [Slot || #{task_id := _} = Slot <- Slots]),
    [ok = llama_node:cancel_task(Server, Task) || Task <- Tasks],
    [?assertMatch({_, {error, {cancelled, _}}}, events(Task)) || Task <- Tasks].

sessions_stay_with_their_engine(Config) ->
    Server = server(Config),
    {ok, Session} = llama_node:create_session(Server, #{model => there, temperature => 0, max_tokens => 8}),
    {ok, Task} = llama_node:create_task(Server, Session, chat, #{content => <<"Hi">>}),
    {ok, #{model := <<"there">>}} = llama_node:get_result(Server, Task, infinity),
    ?CODE(invalid_argument, llama_node:create_task(Server, Session, chat, #{content => <<"Hi">>, model => here})),
    ?assertMatch({ok, #{model := <<"there">>, messages := 2}}, llama_node:get_session_info(Server, Session)),
    ok = llama_node:close_session(Server, Session).

%% The other model goes on, and the server is there for whoever comes next.
a_server_unloaded_under_its_tasks(Config) ->
    Server = server(Config),
    Here = running(here, Config),
    ok = llama_node:load_model(Server, <<>>, (maps:with([engine, url], served(Config)))#{id => again}),
    {ok, Session} = llama_node:create_session(Server, #{model => again}),
    Streams = endless_streams(Session, 3, Config),
    {ok, Collected} = llama_node:create_task(Server, Session, completion, endless()),
    ok = llama_node:unload_model(Server, again),
    Why = {cancelled, <<"model 'again' was unloaded">>},
    [?assertMatch({_, {error, Why}}, events(Task)) || Task <- Streams],
    ?assertEqual({error, Why}, llama_node:get_result(Server, Collected, 60000)),
    ?CODE(session_not_found, llama_node:get_session_info(Server, Session)),
    receive {llama_node, Here, {chunk, _}} -> ok end,
    ok = llama_node:cancel_task(Server, Here),
    {_, {error, {cancelled, _}}} = events(Here),
    ?assertEqual([], llama_node_ct:flush()).

%% Two run and one waits; each ends once.
a_closed_session_ends_its_streams(Config) ->
    Server = server(Config),
    {ok, Session} = llama_node:create_session(Server, #{model => there}),
    Tasks = endless_streams(Session, 3, Config),
    receive {llama_node, Running, {chunk, _}} -> ?assert(lists:member(Running, Tasks)) end,
    ok = llama_node:close_session(Server, Session),
    [?assertMatch({_, {error, {cancelled, _}}}, events(Task)) || Task <- Tasks],
    pong = llama_node:ping(Server),
    ?assertEqual([], llama_node_ct:flush()).

a_deadline_passes_in_the_line(Config) ->
    Server = server(Config),
    Running = [running(there, Config) || _ <- [1, 2]],
    ?assertMatch({error, {timeout, _}},
                 llama_node:complete(Server, <<"Once">>, #{model => there, n_predict => 1, timeout => 50})),
    %% Those who run are not disturbed by that.
    [receive {llama_node, Task, {chunk, _}} -> ok end || Task <- Running],
    [ok = llama_node:cancel_task(Server, Task) || Task <- Running],
    [?assertMatch({_, {error, {cancelled, _}}}, events(Task)) || Task <- Running].

%% A node that keeps results for no time has none for whoever comes when the task has ended.
a_result_is_kept_for_its_time(Config) ->
    Options = (served(Config))#{result_ttl_ms => 0},
    {ok, Server} = llama_node:init_server(Options),
    {ok, Session} = llama_node:create_session(Server, #{}),
    {ok, Task} = llama_node:create_task(Server, Session, completion, #{prompt => <<"Once">>, n_predict => 1}),
    ok = await_idle(Server, Session),
    ?CODE(task_not_found, await_no_result(Server, Task, 10000)),
    ok = llama_node:destroy_server(Server).

await_idle(Server, Session) ->
    case llama_node:get_session_info(Server, Session) of
        {ok, #{tasks_running := 0, tasks_waiting := 0}} -> ok;
        {ok, _} -> await_idle(Server, Session)
    end.

%% That takes no result, as the answer to another's question would.
await_no_result(Server, Task, Retries) ->
    case llama_node:get_status(Server) of
        {ok, #{results_kept := 0}} -> llama_node:get_result(Server, Task, 0);
        {ok, _} when Retries > 0 -> await_no_result(Server, Task, Retries - 1)
    end.

a_result_is_kept_once(Config) ->
    Server = server(Config),
    {ok, Session} = llama_node:create_session(Server, #{model => there}),
    {ok, Task} = llama_node:create_task(Server, Session, completion, #{prompt => <<"Once">>, n_predict => 3}),
    ok = await_idle(Server, Session),
    ?assertMatch({ok, #{task_id := Task, model := <<"there">>}}, llama_node:get_result(Server, Task, 0)),
    ?CODE(task_not_found, llama_node:get_result(Server, Task, 0)),
    ok = llama_node:close_session(Server, Session).

tokens_of_the_chosen_model(Config) ->
    [begin
         {ok, Tokens} = llama_node:tokenize(server(Config), #{content => <<"Once upon">>, model => Id}),
         {ok, Text} = llama_node:detokenize(server(Config), #{tokens => Tokens, model => Id}),
         ?assertEqual(<<"Once upon">>, string:trim(Text))
     end || Id <- [here, there]].

%% Twelve owners at once.
as_many_at_once_as_the_server_has_slots(Config) ->
    Server = server(Config),
    Owners = [spawn_monitor(fun () ->
        exit(llama_node:complete(Server, <<"Once">>, #{model => there, n_predict => 10, ignore_eos => true}))
    end) || _ <- lists:seq(1, 12)],
    [receive {'DOWN', Ref, process, Pid, Got} -> ?assertMatch({ok, #{usage := #{completion_tokens := 10}}}, Got) end
     || {Pid, Ref} <- Owners],
    ?assertEqual(2, llama_node_tiny_server:most_at_once(proplists:get_value(scripted, Config))).

%% Nor does the server hear of what was cancelled while it waited.
what_waits_is_never_sent(Config) ->
    Server = server(Config),
    Scripted = proplists:get_value(scripted, Config),
    Running = [running(there, Config) || _ <- [1, 2]],
    Before = llama_node_tiny_server:answers(Scripted),
    {ok, Session} = llama_node:create_session(Server, #{model => there}),
    Waiting = endless_streams(Session, 20, Config),
    [ok = llama_node:cancel_task(Server, Task) || Task <- Waiting],
    [?assertMatch({[], {error, {cancelled, _}}}, events(Task)) || Task <- Waiting],
    ?assertEqual(Before, llama_node_tiny_server:answers(Scripted)),
    [ok = llama_node:cancel_task(Server, Task) || Task <- Running],
    [?assertMatch({_, {error, {cancelled, _}}}, events(Task)) || Task <- Running],
    ok = llama_node:close_session(Server, Session).

%% Helpers

served(Config) -> proplists:get_value(served, Config).

stream(Id, Input, Config) ->
    {ok, Session} = llama_node:create_session(server(Config), #{model => Id}),
    {ok, Task} = llama_node:stream(server(Config), Session, completion, Input),
    Task.

running(Id, Config) ->
    Task = stream(Id, endless(), Config),
    receive {llama_node, Task, {chunk, _}} -> Task end.

endless_streams(Session, Count, Config) ->
    [begin
         {ok, Task} = llama_node:stream(server(Config), Session, completion, endless()),
         Task
     end || _ <- lists:seq(1, Count)].
