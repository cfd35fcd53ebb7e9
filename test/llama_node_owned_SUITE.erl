%% A node that starts the server of its model itself: it waits for it, starts it again, and ends it however it ends
%% itself. The server is a scripted one in a process of its own, and a real one where there is one.
-module(llama_node_owned_SUITE).
-compile([export_all, nowarn_export_all]).

-include_lib("stdlib/include/assert.hrl").

suite() -> [{timetrap, {minutes, 3}}].

all() ->
    [answers_as_any_other_server, its_log_goes_to_that_of_the_node, gets_no_secrets,
     an_end_before_it_is_ready, one_that_is_never_ready, a_missing_program,
     tasks_of_one_that_is_killed, another_model_in_its_place, one_that_ends_stays_down_until_it_is_back,
     ends_when_the_node_is_stopped, ends_when_the_node_is_killed, ends_when_its_model_is_unloaded,
     ends_though_it_ignores_the_wish,
     two_nodes_have_two_servers, commands_of_requests_are_unauthorized, url_and_command, may_come_later,
     real_one_is_killed_under_16_streams].

init_per_suite(Config) ->
    ok = llama_node_ct:distribute(),
    case llama_node_ct:real_node() of
        {ok, _} -> Config;
        {skip, _} = Skip -> Skip
    end.

end_per_suite(_) ->
    ok.

init_per_testcase(_, Config) ->
    {ok, Listen} = gen_tcp:listen(0, [binary, {packet, line}, {active, false}, {ip, {127, 0, 0, 1}}]),
    [{life, Listen} | Config].

end_per_testcase(_, Config) ->
    %% Whoever is left loses its connection, and ends.
    gen_tcp:close(proplists:get_value(life, Config)).

options(Mode, Config) ->
    {ok, Port} = inet:port(proplists:get_value(life, Config)),
    #{transport => port, log_level => none, engine => llama_server, id => own,
      command => llama_node_owned_child:command(Mode, Port)}.

%% Not linked, as it ends in the middle of cases.
started(Mode, Config) ->
    {ok, Server} = llama_node:init_server(options(Mode, Config)),
    {Server, born(Config)}.

%% The next process of a server.
born(Config) ->
    {ok, Socket} = gen_tcp:accept(proplists:get_value(life, Config)),
    {ok, Line} = gen_tcp:recv(Socket, 0),
    {binary_to_integer(string:trim(Line)), Socket}.

await_end({_, Socket}) ->
    ?assertMatch({error, _}, gen_tcp:recv(Socket, 0)).

kill({Pid, _}) -> llama_node_ct:kill("KILL", Pid).

model(Server) ->
    {ok, #{models := [Model]}} = llama_node:get_status(Server),
    Model.

message(Code, {error, {Code, Message}}) -> Message.

contains(Text, Pattern) ->
    ?assertMatch({_, {match, _}}, {Text, re:run(Text, Pattern)}).

%% Asked until the server is there: what it is not there for is refused at once.
chat(Server) ->
    case llama_node:chat(Server, <<"Hi">>, #{max_tokens => 4}) of
        {error, {inference_failed, _}} -> chat(Server);
        Answer -> Answer
    end.

answers_as_any_other_server(Config) ->
    {Server, {Pid, _} = Child} = started(serves, Config),
    ?assertMatch(#{engine := llama_server, server_pid := Pid, server_kind := llama_server}, model(Server)),
    ?assertMatch({ok, #{content := <<"Hello">>}}, llama_node:chat(Server, <<"Hi">>, #{})),
    ok = llama_node:destroy_server(Server),
    await_end(Child).

%% Chatter at the level debug; nothing of it to the output of the node, whose port carries frames.
its_log_goes_to_that_of_the_node(Config) ->
    ok = logger:add_handler(?MODULE, ?MODULE, #{config => #{to => self()}, level => all}),
    #{level := Level} = logger:get_primary_config(),
    ok = logger:set_primary_config(level, debug),
    try
        {ok, Server} = llama_node:init_server((options(serves, Config))#{log_level => debug}),
        ?assertEqual(debug, level_of("loading the model")),
        ok = llama_node:destroy_server(Server)
    after
        ok = logger:set_primary_config(level, Level),
        ok = logger:remove_handler(?MODULE)
    end.

level_of(Words) ->
    receive
        {log, Level, Text} ->
            case string:find(Text, Words) of
                nomatch -> level_of(Words);
                _ -> Level
            end
    end.

%% A handler of logger.
log(#{level := Level} = Event, #{config := #{to := To}}) ->
    To ! {log, Level, unicode:characters_to_binary(logger_formatter:format(Event, #{template => [msg]}))}.

gets_no_secrets(Config) ->
    Env = #{"MY_SECRET" => "sesame", "MY_PLACE" => "here"},
    {ok, Server} = llama_node:init_server((options(serves, Config))#{env => Env}),
    {Pid, _} = born(Config),
    case file:read_file("/proc/" ++ integer_to_list(Pid) ++ "/environ") of
        {ok, Environment} ->
            Names = [hd(binary:split(Variable, <<"=">>)) || Variable <- binary:split(Environment, <<0>>, [global])],
            ?assertEqual([], [Name || <<"LLAMA_NODE_", _/binary>> = Name <- Names]),
            ?assertNot(lists:member(<<"MY_SECRET">>, Names)),
            ?assert(lists:member(<<"MY_PLACE">>, Names)),
            ?assert(lists:member(<<"LLAMA_API_KEY">>, Names));
        {error, enoent} ->
            ok
    end,
    ok = llama_node:destroy_server(Server).

an_end_before_it_is_ready(Config) ->
    Message = message(model_load_failed, llama_node:init_server(options(dies, Config))),
    contains(Message, "ended with exit status 3 before it was ready; its last lines: .*no such model").

one_that_is_never_ready(Config) ->
    Options = (options(loads, Config))#{request_timeout_ms => 3000},
    Message = message(model_load_failed, llama_node:init_server(Options)),
    contains(Message, "was not ready within 3000 ms"),
    await_end(born(Config)).

a_missing_program(_) ->
    Options = #{transport => port, log_level => none, engine => llama_server, command => ["no-such-server"]},
    contains(message(model_load_failed, llama_node:init_server(Options)), "there is no program 'no-such-server'").

stream(Server) ->
    {ok, Session} = llama_node:create_session(Server, #{}),
    {ok, Task} = llama_node:stream(Server, Session, chat, #{content => <<"endless">>}),
    Task.

%% Two run, as many as it has slots, and two wait.
tasks_of_one_that_is_killed(Config) ->
    {Server, Child} = started(serves, Config),
    Tasks = [stream(Server) || _ <- lists:seq(1, 4)],
    [receive {llama_node, Task, {chunk, _}} -> ok end || Task <- lists:sublist(Tasks, 2)],
    kill(Child),
    [receive {llama_node, Task, {error, {Code, _}}} -> ?assertEqual(inference_failed, Code) end || Task <- Tasks],
    {Pid, _} = born(Config),
    ?assertMatch({ok, #{content := <<"Hello">>}}, chat(Server)),
    ?assertMatch(#{server_pid := Pid}, model(Server)),
    ?assertNot(is_map_key(server_down, model(Server))),
    ?assertEqual([], [Event || {llama_node, Task, _} = Event <- llama_node_ct:flush(), lists:member(Task, Tasks)]),
    ok = llama_node:destroy_server(Server).

%% What had begun fails; what comes while it is away is done by the other model, and by itself once it is back.
another_model_in_its_place(Config) ->
    Scripted = llama_node_scripted_server:start(
        fun (<<"/v1/chat/completions">>, _, Socket) ->
                llama_node_scripted_server:events(Socket,
                    ["{\"choices\":[{\"delta\":{\"content\":\"Well\"},\"finish_reason\":\"stop\"}]}", "[DONE]"]);
            (_, _, _) -> default
        end),
    #{engine := Engine, command := Command} = options(serves, Config),
    {ok, Server} = llama_node:init_server(
        #{transport => port, log_level => none,
          models => [#{engine => Engine, command => Command, id => own, fallback => other, default => true},
                     #{engine => Engine, url => llama_node_scripted_server:url(Scripted), id => other}]}),
    Child = born(Config),
    {ok, #{model := <<"own">>}} = llama_node:chat(Server, <<"Hi">>, #{}),
    Task = stream(Server),
    ok = kill(Child),
    ?assertMatch({error, {inference_failed, _}}, llama_node_ct:terminal(Task)),
    ?assertMatch({ok, #{content := <<"Well">>, model := <<"other">>}}, llama_node:chat(Server, <<"Hi">>, #{})),
    _ = born(Config),
    ?assertMatch(#{content := <<"Hello">>}, done_by(<<"own">>, Server)),
    {ok, #{models := Models}} = llama_node:get_status(Server),
    ?assertMatch([#{fallback := <<"other">>, fallback_tasks := Count}] when Count > 0,
                 [Model || #{id := <<"own">>} = Model <- Models]),
    ok = llama_node:destroy_server(Server),
    ok = llama_node_scripted_server:stop(Scripted).

%% Asked until that model does it.
done_by(Id, Server) ->
    case llama_node:chat(Server, <<"Hi">>, #{}) of
        {ok, #{model := Id} = Answer} -> Answer;
        {ok, _} -> done_by(Id, Server)
    end.

one_that_ends_stays_down_until_it_is_back(Config) ->
    {Server, {Pid, _} = Child} = started(serves, Config),
    Task = stream(Server),
    receive {llama_node, Task, {chunk, _}} -> ok end,
    kill(Child),
    receive {llama_node, Task, {error, {inference_failed, _}}} -> ok end,
    %% The connection may have been seen to end before the process.
    Again = born(Config),
    case model(Server) of
        #{server_down := Why} = Model ->
            contains(Why, ["process ", integer_to_list(Pid), " was ended by signal 9 \\(exit status 137\\)"]),
            ?assertNot(is_map_key(server_pid, Model) andalso map_get(server_pid, Model) =:= Pid);
        #{server_pid := New} ->
            ?assertEqual(element(1, Again), New)
    end,
    {ok, _} = chat(Server),
    ok = llama_node:destroy_server(Server),
    await_end(Again).

ends_when_the_node_is_stopped(Config) ->
    {Server, Child} = started(serves, Config),
    ok = llama_node:destroy_server(Server),
    await_end(Child).

ends_when_the_node_is_killed(Config) ->
    {Server, Child} = started(serves, Config),
    ok = llama_node_ct:kill("KILL", llama_node_ct:os_pid(Server)),
    await_end(Child).

ends_when_its_model_is_unloaded(Config) ->
    {Server, Child} = started(serves, Config),
    ok = llama_node:unload_model(Server, own),
    await_end(Child),
    ok = llama_node:destroy_server(Server).

ends_though_it_ignores_the_wish(Config) ->
    {Server, Child} = started(stubborn, Config),
    ok = llama_node:unload_model(Server, own),
    await_end(Child),
    ok = llama_node:destroy_server(Server).

two_nodes_have_two_servers(Config) ->
    {One, _} = started(serves, Config),
    {Two, _} = started(serves, Config),
    #{url := Url, server_pid := Pid} = model(One),
    #{url := Other, server_pid := OtherPid} = model(Two),
    ?assertNotEqual(Url, Other),
    ?assertNotEqual(Pid, OtherPid),
    [?assertMatch({ok, _}, llama_node:chat(Server, <<"Hi">>, #{})) || Server <- [One, Two]],
    [ok = llama_node:destroy_server(Server) || Server <- [One, Two]].

commands_of_requests_are_unauthorized(Config) ->
    Given = #{engine => llama_server, command => ["/bin/sh", "-c", "exit 1"]},
    [begin
         {ok, Server} = llama_node:init_server(#{transport => Transport, models => [], log_level => none,
                                                 remote_models => [<<"http://127.0.0.1">>]}),
         Message = message(unauthorized, llama_node:load_model(Server, <<>>, Given)),
         contains(Message, "^command: can not be set by a request"),
         ok = llama_node:destroy_server(Server)
     end || Transport <- [port, distribution]],
    Config.

url_and_command(Config) ->
    Options = (options(serves, Config))#{url => <<"http://127.0.0.1:1">>},
    ?assertMatch({error, {invalid_argument, <<"url and command exclude each other", _/binary>>}},
                 without_place(llama_node:init_server(Options))).

without_place({error, {Code, Message}}) ->
    {error, {Code, re:replace(Message, "^.*?: (?=url)", "", [{return, binary}])}}.

may_come_later(Config) ->
    {ok, Server} = llama_node:init_server((options(serves, Config))#{lazy => true}),
    Child = born(Config),
    ?assertMatch({ok, _}, chat(Server)),
    ok = llama_node:destroy_server(Server),
    await_end(Child).

%% The outcome of what bench/kills measures.
real_one_is_killed_under_16_streams(_) ->
    case {llama_node_llama_server:find(), llama_node_ct:model()} of
        {{ok, Program}, {ok, Model}} ->
            {ok, Server} = llama_node:init_server(llama_node_owned_kills:options(Program, Model)),
            #{ended := 16, next := ok} = llama_node_owned_kills:kill(Server, 16),
            ok = llama_node:destroy_server(Server);
        {{skip, _} = Skip, _} ->
            Skip;
        {_, {skip, _} = Skip} ->
            Skip
    end.
