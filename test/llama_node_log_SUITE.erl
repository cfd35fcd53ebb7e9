%% What a user sees of the logs, in a runtime of its own with the handler that everybody has.
-module(llama_node_log_SUITE).
-compile([export_all, nowarn_export_all]).

-include_lib("stdlib/include/assert.hrl").

suite() -> [{timetrap, {minutes, 5}}].

all() ->
    [arrives_in_the_default_handler, arrives_in_elixir, can_be_told_by_metadata, default_start_is_quiet,
     more_context_than_trained, a_flood_is_counted].

init_per_suite(Config) ->
    ok = llama_node_ct:distribute(),
    Config.

end_per_suite(_) ->
    ok.

%% Records of the node and of the server: what is said when a node has to be killed is the server's.
arrives_in_the_default_handler(Config) ->
    [begin
         {Default, Info} = {erl(warns(Transport, Config), "", Transport),
                            erl(warns(Transport, Config), "-kernel logger_level info", Transport)},
         [?assert({has(Part, Said), Said} =:= {true, Said}) || Said <- [Default, Info],
            Part <- ["=WARNING REPORT", "a warning of the node", "did not end when told to and was killed"]],
         ?assertEqual({false, true, false}, {has("news of the node", Default), has("news of the node", Info),
                                             has("chatter of the node", Info)})
     end || Transport <- [port, distribution]].

%% With Elixir's logger, which takes the default handler's place.
arrives_in_elixir(Config) ->
    case os:find_executable("elixir") of
        false ->
            {skip, "there is no Elixir"};
        Elixir ->
            Program = "{:ok, s} = :llama_node.init_server(" ++ elixir(warns(port, Config)) ++ "); "
                      ":pong = :llama_node.ping(s); "
                      ":ok = :llama_node.destroy_server(s); Logger.flush()",
            Said = os:cmd(Elixir ++ " --erl '-noinput' -pa '" ++ llama_node_ct:ebin() ++ "' -e '" ++ Program
                          ++ "' 2>&1"),
            [?assert({has(Part, Said), Said} =:= {true, Said})
             || Part <- ["[warn", "a warning of the node", "news of the node",
                         "did not end when told to and was killed"]]
    end.

%% Every record has it, and one's own do not.
can_be_told_by_metadata(Config) ->
    Ours = logged(fun () ->
        {ok, Server} = llama_node:init_server(warns(port, Config)),
        ok = llama_node:destroy_server(Server)
    end),
    [?assertNot(is_map_key(domain, Meta)) || #{meta := Meta} <- Ours],
    Said = [{Logger, Message} || #{meta := #{llama_node_logger := Logger}, msg := {"~ts", [Message]}} <- Ours],
    [?assert(lists:member({<<"fake">>, Message}, Said))
     || Message <- [<<"a warning of the node">>, <<"news of the node">>, <<"chatter of the node">>]],
    ?assert(lists:member({<<"stderr">>, <<"printed by the node">>}, Said)),
    ?assertMatch([_], [ok || #{msg := {"~ts did not end when told to and was killed", _}} <- Ours]).

%% One line for the start and one for the model, and no warning, whatever the model is used for; what llama.cpp
%% says is there for whoever looks for it.
default_start_is_quiet(_Config) ->
    case llama_node_ct:real_node() of
        {skip, _} = Skip ->
            Skip;
        {ok, _} ->
            Model = shipped_model(),
            [begin
                 Ours = logged(fun () ->
                     {ok, Server} = llama_node:init_server(#{model => Model, transport => Transport, log_level => debug,
                                                             env => Env}),
                     {ok, _} = llama_node:chat(Server, <<"Hi">>, #{max_tokens => 2}),
                     {ok, _} = llama_node:embed(Server, <<"Hi">>, #{}),
                     ok = llama_node:destroy_server(Server)
                 end),
                 Texts = [{Level, text(Event)} || #{level := Level} = Event <- Ours],
                 ?assertEqual([], [Text || {Level, Text} <- Texts, Level =/= info, Level =/= debug]),
                 Infos = [Text || {info, Text} <- Texts, not has(" connected", Text), not has("told to stop", Text)],
                 ?assertMatch([_, _], Infos),
                 [Loaded, Ready] = Infos,
                 ?assert(has("model tiny-chat is ready: llama 1.0M F16", Loaded)),
                 ?assert(has(" is ready (process ", Ready)),
                 ?assert([] =/= [ok || #{level := debug, meta := #{llama_node_logger := <<"llama.cpp">>}} <- Ours])
             end || Env <- [[{"LLAMA_NODE_LIB", false}], [{"LLAMA_NODE_LIB", "embedded"}]],
                    Transport <- [port, distribution]]
    end.

%% This one its user can do something about.
more_context_than_trained(_Config) ->
    case llama_node_ct:real_node() of
        {skip, _} = Skip ->
            Skip;
        {ok, _} ->
            Model = shipped_model(),
            Ours = logged(fun () ->
                {ok, Server} = llama_node:init_server(#{model => Model, n_ctx => 700, transport => port}),
                ok = llama_node:destroy_server(Server)
            end),
            ?assertMatch([<<"model tiny-chat: n_ctx 700 is more than the 256 tokens it was trained with", _/binary>>],
                         [text(Event) || #{level := warning} = Event <- Ours])
    end.

%% Whoever sends nonsense fills no log: of lines of one kind fifty pass, and how many were held back is told.
a_flood_is_counted(_Config) ->
    case llama_node_ct:real_node() of
        {skip, _} = Skip ->
            Skip;
        {ok, _} ->
            Ours = logged(fun () ->
                {ok, Server} = llama_node:init_server(#{models => [], transport => port}),
                [gen_server:cast(Server, nonsense) || _ <- lists:seq(1, 300)],
                Told = told_of_held_lines([]),
                [self() ! Event || Event <- Told],
                ok = llama_node:destroy_server(Server)
            end),
            Warnings = [text(Event) || #{level := warning} = Event <- Ours],
            ?assertEqual(50, length([ok || <<"a cast is refused", _/binary>> <- Warnings])),
            ?assertEqual([<<"250 more lines like those before were held back in 10 s">>],
                          [Text || <<"250 more", _/binary>> = Text <- Warnings])
    end.

%% What was logged until that was.
told_of_held_lines(Events) ->
    receive
        {log, Event} ->
            case has("were held back", text(Event)) of
                true -> lists:reverse(Events, [{log, Event}]);
                false -> told_of_held_lines([{log, Event} | Events])
            end
    after 60000 ->
        error({nothing_more, Events})
    end.

%% Whose size and training context are known, unlike those of a model that lies beside the checkout.
shipped_model() -> filename:join([code:priv_dir(llama_node), "models", "tiny-chat.gguf"]).

%% The records about nodes that are made while a fun runs.
logged(Fun) ->
    ok = logger:add_handler(?MODULE, ?MODULE, #{config => self(), level => all}),
    #{level := Level} = logger:get_primary_config(),
    ok = logger:set_primary_config(level, debug),
    try
        _ = Fun(),
        [Event || {log, #{meta := #{llama_node := _}} = Event} <- llama_node_ct:flush()]
    after
        ok = logger:set_primary_config(level, Level),
        ok = logger:remove_handler(?MODULE)
    end.

text(#{msg := {report, Report}}) -> unicode:characters_to_binary(io_lib:format("~0tp", [Report]));
text(#{msg := {string, Text}}) -> unicode:characters_to_binary(Text);
text(#{msg := {Format, Args}}) -> unicode:characters_to_binary(io_lib:format(Format, Args)).

%% A handler.
log(Event, #{config := Pid}) ->
    Pid ! {log, Event},
    ok.

%% Options of a node that logs, prints, and does not end when told to.
warns(Transport, Config) ->
    Dir = proplists:get_value(priv_dir, Config),
    Launcher = filename:join(Dir, "printing-node"),
    _ = llama_node_ct:script(Launcher, ["echo printed by the node >&2\nexec '", llama_node_fake_program:launcher(Dir),
                                        "'"]),
    #{launcher => Launcher, env => #{"LLAMA_NODE_FAKE" => "warns"}, models => [], transport => Transport,
      stop_timeout => 50}.

%% What a runtime prints on its standard output, in which a server starts and ends.
erl(Options, Flags, Transport) ->
    Name = case Transport of
        port -> "";
        distribution -> "-sname llama_node_log_" ++ integer_to_list(erlang:unique_integer([positive])) ++ os:getpid()
    end,
    Program = io_lib:format("{ok, S} = llama_node:init_server(~0p), pong = llama_node:ping(S), "
                            "ok = llama_node:destroy_server(S), init:stop().", [Options]),
    os:cmd(lists:flatten(["erl -noinput ", Name, " ", Flags, " -pa '", llama_node_ct:ebin(), "' ",
                          "-eval '", Program, "' 2>/dev/null"])).

elixir(#{launcher := Launcher}) ->
    "%{launcher: \"" ++ Launcher ++ "\", env: %{\"LLAMA_NODE_FAKE\" => \"warns\"}, "
    "models: [], transport: :port, stop_timeout: 50}".

has(Part, Said) ->
    string:find(Said, Part) =/= nomatch.
