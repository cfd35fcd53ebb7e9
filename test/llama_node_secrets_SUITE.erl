%% Secrets are planted in the start options, and looked for wherever terms are shown.
-module(llama_node_secrets_SUITE).
-compile([export_all, nowarn_export_all]).

-include_lib("stdlib/include/assert.hrl").

-define(COOKIE, "PlantedCookie").
-define(VALUE, "PlantedValue").
-define(FLAG, "PlantedFlag").

%% A case that hangs must not hold up the others for half an hour.
suite() -> [{timetrap, {minutes, 3}}].

all() ->
    [a_node_over_the_distribution, a_node_over_the_port, a_start_that_is_refused, a_start_that_fails,
     mistyped_keys, funs_from_the_caller].

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
    Options = maps:merge(planted(Config), More),
    {ok, Sup} = supervisor([llama_node:child_spec(Options#{name => secretive})]),
    First = whereis(secretive),
    Death = erlang:monitor(process, First),
    nothing_shown(Sup, secretive, Config),
    in_the_process(llama_node_ct:os_pid(First)),
    %% The supervisor starts it again, with what it has kept.
    ok = llama_node_ct:kill("KILL", llama_node_ct:os_pid(First)),
    receive {'DOWN', Death, process, First, {node_down, Why}} -> hidden(Why) end,
    %% It answers no call before it has done so.
    [{_, Second, _, _}] = supervisor:which_children(Sup),
    ?assertNotEqual(First, Second),
    pong = llama_node:ping(secretive),
    nothing_shown(Sup, secretive, Config),
    in_the_process(llama_node_ct:os_pid(Second)),
    %% A crash of the server itself.
    Ref = erlang:monitor(process, Second),
    _ = sys:replace_state(Second, fun without_transport/1),
    _ = catch gen_server:call(Second, ping),
    receive {'DOWN', Ref, process, Second, Crash} -> hidden(Crash) end,
    [{_, Third, _, _}] = supervisor:which_children(Sup),
    ?assertNotEqual(Second, Third),
    pong = llama_node:ping(secretive),
    ok = stop(Sup),
    nothing_logged(["mfargs", "child_terminated", "node_down"], Config).

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
         {ok, Server} = llama_node:init_server(Failing#{wait => false}),
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
    hidden([?COOKIE], [Arguments, Environment]),
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

hidden(Term) -> hidden([?COOKIE, ?VALUE, ?FLAG], Term).

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
