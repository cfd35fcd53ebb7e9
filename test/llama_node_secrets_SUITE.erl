%% Secrets are planted in the start options, and looked for wherever terms are shown.
-module(llama_node_secrets_SUITE).
-compile([export_all, nowarn_export_all]).

-include_lib("stdlib/include/assert.hrl").

-define(COOKIE, "PlantedCookie").
-define(VALUE, "PlantedValue").
-define(FLAG, "PlantedFlag").
-define(KEY, "PlantedKey").
-define(HEADER, "PlantedHeader").

%% A case that hangs must not hold up the others for half an hour.
suite() -> [{timetrap, {minutes, 3}}].

all() ->
    [a_node_over_the_distribution, a_node_over_the_port, the_keys_of_a_server, passwords_in_urls,
     a_start_that_is_refused, a_start_that_fails, mistyped_keys, funs_from_the_caller].

init_per_suite(Config) ->
    case llama_node_ct:real_node() of
        {ok, Options} -> [{server_options, Options} | Config];
        Skip -> Skip
    end.

end_per_suite(Config) -> Config.

%% Everything is logged, reports of progress included.
init_per_testcase(Case, Config) ->
    #{level := Level} = logger:get_primary_config(),
    ok = logger:set_primary_config(level, all),
    File = filename:join(proplists:get_value(priv_dir, Config), atom_to_list(Case) ++ ".log"),
    ok = logger:add_handler(?MODULE, logger_std_h, #{config => #{type => file, file => File}, level => all,
                                                     filter_default => log,
                                                     formatter => {logger_formatter, #{single_line => false}}}),
    ok = logger:add_handler(raw, ?MODULE, #{level => all, config => #{to => self()}}),
    [{log, File}, {level, Level}, {standard_error, File ++ ".err"} | Config].

end_per_testcase(_Case, Config) ->
    ok = logger:remove_handler(raw),
    _ = logger:remove_handler(?MODULE),
    ok = logger:set_primary_config(level, proplists:get_value(level, Config)).

%% The records as they are: a handler may format them as it likes.
log(Event, #{config := #{to := Pid}}) -> Pid ! {logged, Event}.

a_node_over_the_distribution(Config) ->
    lives_and_dies(#{transport => distribution, cookie => ?COOKIE}, Config).

a_node_over_the_port(Config) ->
    lives_and_dies(#{transport => port}, Config).

lives_and_dies(More, Config) ->
    lives_and_dies(maps:merge(planted(Config), More), fun () -> ok end, Config).

%% It repeats them in its name, in an error, in a page, in a refusal, in an event and where a number belongs.
the_keys_of_a_server(Config) ->
    Said = atomics:new(1, []),
    Repeating =
        fun (<<"/v1/models">>, _, Socket) ->
                llama_node_scripted_server:json(Socket, ["{\"data\":[{\"id\":\"of ", ?KEY, " and ", ?HEADER, "\"}]}"]);
            (<<"/v1/chat/completions">>, _, Socket) -> repeat(atomics:add_get(Said, 1, 1) rem 5, Socket);
            (_, _, _) -> default
        end,
    Scripted = llama_node_scripted_server:start(Repeating, keeps),
    Options = maps:with([launcher, log_level, env, java_opts], planted(Config)),
    Use = fun () ->
        Answers = [llama_node:chat(secretive, <<"Hi">>, #{}) || _ <- lists:seq(1, 5)],
        hidden([Answers, llama_node:get_status(secretive), llama_node:list_models(secretive)]),
        ?assertEqual(4, length([failed || {error, _} <- Answers]))
    end,
    lives_and_dies(Options#{transport => port, engine => llama_server, url => llama_node_scripted_server:url(Scripted),
                            api_key => ?KEY, headers => #{"X-Team" => ?HEADER}}, Use, Config),
    Sent = [{Key, Team} || {_, #{<<"authorization">> := Key, <<"x-team">> := Team}, _}
                           <- llama_node_scripted_server:requests(Scripted)],
    ?assertEqual([{<<"Bearer " ?KEY>>, <<?HEADER>>}], lists:usort(Sent)),
    ok = llama_node_scripted_server:stop(Scripted).

repeat(1, Socket) ->
    llama_node_scripted_server:status(Socket, 400, "{\"error\":{\"message\":\"wrong: " ?KEY ", " ?HEADER "\"}}");
repeat(2, Socket) ->
    llama_node_scripted_server:status(Socket, 401, "wrong key " ?KEY);
repeat(3, Socket) ->
    llama_node_scripted_server:json(Socket, "<html>" ?KEY ?HEADER);
repeat(4, Socket) ->
    llama_node_scripted_server:events(Socket, ["{\"error\":{\"message\":\"" ?KEY "\"}}"]);
repeat(0, Socket) ->
    llama_node_scripted_server:events(Socket,
        ["{\"id\":\"" ?KEY "\",\"choices\":[{\"delta\":{\"content\":\"Hi\"},\"finish_reason\":\"stop\"}],"
         "\"usage\":{\"prompt_tokens\":\"" ?KEY "\"}}", "[DONE]"]).

lives_and_dies(Options, Use, Config) ->
    {ok, Sup} = supervisor([llama_node:child_spec((maps:remove(restarts, Options))#{name => secretive})]),
    First = whereis(secretive),
    Use(),
    ok = llama_node:subscribe(secretive),
    nothing_shown(Sup, secretive, Config),
    in_the_process(llama_node_ct:os_pid(First)),
    %% The server starts it again, with what it has kept.
    ok = llama_node_ct:kill("KILL", llama_node_ct:os_pid(First)),
    ok = is_up_again(),
    Use(),
    nothing_shown(Sup, secretive, Config),
    in_the_process(llama_node_ct:os_pid(First)),
    %% A crash of the process that watches the node.
    [Incarnation] = llama_node_ct:incarnations(First),
    _ = sys:replace_state(Incarnation, fun without_transport/1),
    _ = catch gen_server:call(Incarnation, ping),
    ok = is_up_again(),
    nothing_shown(Sup, secretive, Config),
    %% A crash of the server itself, which the supervisor starts again.
    Ref = erlang:monitor(process, First),
    _ = sys:replace_state(First, fun without_restarts/1),
    [NextIncarnation] = llama_node_ct:incarnations(First),
    ok = llama_node_ct:kill("KILL", llama_node_ct:os_pid(First)),
    receive {'DOWN', Ref, process, First, Crash} -> hidden(Crash) end,
    ?assertNot(is_process_alive(NextIncarnation)),
    [{_, Second, _, _}] = supervisor:which_children(Sup),
    ?assertNotEqual(First, Second),
    pong = llama_node:ping(secretive),
    ok = stop(Sup),
    nothing_logged(["mfargs", "child_terminated", "killed by signal 9"], Config).

is_up_again() ->
    receive {llama_node, secretive, {node, down, #{reason := Reason}}} -> hidden(Reason) end,
    receive {llama_node, secretive, {node, up, _}} -> ok end.

%% A URL with a password is refused, and nobody is shown it on that occasion.
passwords_in_urls(Config) ->
    Options = (maps:with([launcher, log_level], planted(Config)))#{transport => port, engine => llama_server},
    [begin
         {error, {shutdown, Reason}} = supervisor([llama_node:child_spec(maps:merge(Options, Given))]),
         hidden(Reason),
         {error, {invalid_argument, Message}} = llama_node:init_server(maps:merge(Options, Given)),
         hidden(Message),
         ?assertMatch({match, _}, re:run(Message, "without a name, a password"))
     end || Given <- [#{url => "http://127.0.0.1:1", proxy => "http://me:" ?KEY "@127.0.0.1:3128"},
                      #{url => <<"http://me:" ?KEY "@127.0.0.1:1">>}]],
    nothing_logged(["a password"], Config).

a_start_that_is_refused(Config) ->
    Bad = (planted(Config))#{cookie => ?COOKIE, n_ctx => 0},
    {error, {shutdown, Reason}} = supervisor([llama_node:child_spec(Bad)]),
    hidden(Reason),
    {error, Given} = llama_node:init_server(Bad),
    hidden(Given),
    nothing_logged(["n_ctx"], Config).

a_start_that_fails(Config) ->
    [begin
         Failing = maps:merge((planted(Config))#{transport => distribution, cookie => ?COOKIE}, Fault),
         {error, {shutdown, Reason}} = supervisor([llama_node:child_spec(Failing)]),
         hidden(Reason),
         {error, Given} = llama_node:init_server(Failing),
         hidden(Given),
         %% It does not wait, so it is the server process that crashes.
         {ok, Server} = llama_node:init_server(Failing#{wait => false, restarts => {1, 60}}),
         hidden(llama_node_ct:await_down(Server))
     end || Fault <- [#{launcher => "/no/such/launcher"}, #{model => "/no/such/model.gguf"}]],
    nothing_logged(["start_failed"], Config).

mistyped_keys(Config) ->
    [begin
         {error, {shutdown, Reason}} = supervisor([llama_node:child_spec(Bad)]),
         hidden(Reason)
     end || Bad <- [#{cooky => ?COOKIE}, #{<<"cooky">> => ?COOKIE}, [{cooky, ?COOKIE}], [{cookie, ?COOKIE, twice}],
                    [{cookie, ?COOKIE} | ?COOKIE], #{environment => [{"A", ?VALUE}]}, #{env => [?VALUE]},
                    #{env => ?VALUE}, #{{cookie} => ?COOKIE}, #{java_flags => ?FLAG}]],
    nothing_logged(["unknown option"], Config).

funs_from_the_caller(Config) ->
    Options = (planted(Config))#{transport => distribution, cookie => fun () -> ?COOKIE end,
                                 env => fun () -> [{"PLANTED", fun () -> ?VALUE end}] end,
                                 java_opts => fun () -> "-Dplanted=" ?FLAG end},
    {ok, Sup} = supervisor([llama_node:child_spec(Options#{name => secretive})]),
    pong = llama_node:ping(secretive),
    nothing_shown(Sup, secretive, Config),
    in_the_process(llama_node_ct:os_pid(whereis(secretive))),
    ok = stop(Sup),
    nothing_logged(["mfargs"], Config).

%% Helpers

without_transport(State) ->
    Named = fun (Field) -> lists:member(Field, [llama_node_dist, llama_node_stdio]) end,
    list_to_tuple([case Named(Field) of true -> no_transport; false -> Field end || Field <- tuple_to_list(State)]).

without_restarts(State) ->
    list_to_tuple([case Field of #{bound := _} -> none; _ -> Field end || Field <- tuple_to_list(State)]).

%% What the node writes on its standard error is kept as well.
planted(Config) ->
    Launcher = filename:join(proplists:get_value(priv_dir, Config), "launcher"),
    Real = filename:join([llama_node_options:priv_dir(), "bin", "llama-node"]),
    ok = file:write_file(Launcher, ["#!/bin/sh\nexec '", Real, "' \"$@\" 2>> '",
                                    proplists:get_value(standard_error, Config), "'\n"]),
    ok = file:change_mode(Launcher, 8#755),
    maps:merge(llama_node_ct:options(Config),
               #{launcher => Launcher, log_level => debug, env => #{"PLANTED" => ?VALUE},
                 java_opts => ["-Dplanted=" ?FLAG]}).

supervisor(Children) ->
    process_flag(trap_exit, true),
    supervisor:start_link(?MODULE, Children).

init(Children) -> {ok, {#{intensity => 10, period => 1}, Children}}.

stop(Sup) ->
    exit(Sup, shutdown),
    shutdown = llama_node_ct:await_down(Sup),
    ok.

nothing_shown(Sup, Name, _Config) ->
    {ok, Child} = supervisor:get_childspec(Sup, Name),
    [hidden(Shown) || Shown <- [Child, supervisor:which_children(Sup), sys:get_status(Sup), sys:get_state(Sup),
                                sys:get_status(Name), sys:get_state(Name),
                                process_info(whereis(Name), [dictionary, messages, initial_call, current_stacktrace]),
                                process_info(Sup, [dictionary, messages])]].

%% The node is told its cookie over its standard input. Its environment and its flags are what they were given for.
in_the_process(OsPid) ->
    [Arguments, Environment] = [begin
                                    {ok, Content} = file:read_file(lists:concat(["/proc/", OsPid, "/", File])),
                                    Content
                                end || File <- ["cmdline", "environ"]],
    hidden([?COOKIE, ?KEY, ?HEADER], [Arguments, Environment]),
    hidden([?VALUE], Arguments),
    ?assertNotEqual(nomatch, string:find(Environment, ?VALUE)),
    ?assertNotEqual(nomatch, string:find(Arguments, ?FLAG)).

%% The texts are there, which shows that the log was read where it would be.
nothing_logged(Expected, Config) ->
    ok = logger_std_h:filesync(?MODULE),
    {ok, Log} = file:read_file(proplists:get_value(log, Config)),
    hidden(Log),
    [?assertNotEqual({nomatch, Text}, {string:find(string:uppercase(Log), string:uppercase(Text)), Text})
     || Text <- Expected],
    Events = llama_node_ct:flush(),
    ?assertMatch([_ | _], [Event || {logged, Event} <- Events]),
    hidden(Events),
    case file:read_file(proplists:get_value(standard_error, Config)) of
        {ok, Said} -> hidden(Said);
        {error, enoent} -> ok
    end.

hidden(Term) -> hidden([?COOKIE, ?VALUE, ?FLAG, ?KEY, ?HEADER], Term).

hidden(Secrets, Term) ->
    %% Texts are searched as they are, other terms in every notation they may be shown in.
    Shown = unicode:characters_to_binary(
        case is_binary(Term) of
            true -> [unicode:characters_to_list(Term, latin1)];
            false -> [io_lib:format("~p~n~w~n", [Term, Term])]
        end),
    [?assertEqual({nomatch, Shown}, {string:find(Shown, Text), Shown})
     || Secret <- Secrets,
        Text <- [Secret, io_lib:format("~w", [Secret]), io_lib:format("~w", [list_to_binary(Secret)])]].
