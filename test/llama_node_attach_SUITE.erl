%% Several BEAMs and one node that none of them started.
-module(llama_node_attach_SUITE).
-compile([export_all, nowarn_export_all]).

-include_lib("stdlib/include/assert.hrl").

-import(llama_node_ct, [server/1]).

%% A case that hangs must not hold up the others for half an hour.
suite() -> [{timetrap, {minutes, 3}}].

all() ->
    [two_beams_share_a_node, lost_beam_loses_its_sessions_only, cookie_of_the_node,
     a_right_cookie_after_a_wrong_one, attempts_with_several_cookies_at_once, a_cookie_ends_with_its_connection,
     a_lost_node_is_connected_again, a_node_that_hangs_is_disconnected,
     a_cookie_ends_with_its_server, servers_of_one_node_share_its_cookie, a_cookie_set_by_somebody_else_stays,
     nothing_there, another_mailbox,
     not_distributed, bad_options].

init_per_suite(Config) ->
    llama_node_ct:start_real(#{transport => distribution}, Config).

end_per_suite(Config) ->
    ok = llama_node:destroy_server(server(Config)).

end_per_testcase(_, Config) ->
    _ = logger:remove_handler(?MODULE),
    llama_node_ct:check_real(Config).

two_beams_share_a_node(Config) ->
    Node = node_of(Config),
    Peers = [peer() || _ <- [1, 2]],
    [?assertEqual({ok, {llama_node, Node}}, peer:call(Peer, llama_node, connect, [Node, #{}])) || Peer <- Peers],
    Texts = [peer:call(Peer, ?MODULE, complete, [{llama_node, Node}], 60000) || Peer <- Peers],
    ?assertMatch([<<_, _/binary>>], lists:usort(Texts)),
    %% Nobody's nodes() shows it.
    [?assertNot(lists:member(Node, peer:call(Peer, erlang, nodes, []))) || Peer <- Peers],
    [ok = peer:stop(Peer) || Peer <- Peers].

lost_beam_loses_its_sessions_only(Config) ->
    Node = node_of(Config),
    [Lost, Staying] = [peer() || _ <- [1, 2]],
    [{LostSession, LostTask}, {Session, Task}] =
        [begin
             {ok, Server} = peer:call(Peer, llama_node, connect, [Node, []]),
             peer:call(Peer, ?MODULE, stream_for_ever, [Server])
         end || Peer <- [Lost, Staying]],
    ok = llama_node_ct:kill("KILL", list_to_integer(peer:call(Lost, os, getpid, []))),
    Server = server(Config),
    %% The lost one's task ends as one does that is cancelled.
    ?assertMatch({error, {Code, _}} when Code =:= cancelled; Code =:= task_not_found,
                 llama_node:get_result(Server, LostTask, infinity)),
    %% Its session ends behind its tasks.
    ok = await(fun () -> element(1, llama_node:get_session_info(Server, LostSession)) =:= error end),
    ?assertMatch({error, {session_not_found, _}}, llama_node:close_session(Server, LostSession)),
    %% Its task may not have begun when the lost one's ended; a chunk says that it has.
    ?assertEqual(running, peer:call(Staying, ?MODULE, goes_on, [Task])),
    ?assertMatch({ok, #{tasks_running := 1}}, llama_node:get_session_info(Server, Session)),
    ok = peer:stop(Staying).

cookie_of_the_node(Config) ->
    Node = node_of(Config),
    {Peer, _} = llama_node_ct:peer(#{name => peer:random_name(), args => ["-setcookie", "another"]}, []),
    {error, {node_down, Message}} = peer:call(Peer, llama_node, connect, [Node, #{}], 30000),
    ?assertNotEqual(nomatch, string:find(Message, "cookie")),
    {ok, Server} = peer:call(Peer, llama_node, connect, [Node, #{cookie => erlang:get_cookie()}], 30000),
    pong = peer:call(Peer, llama_node, ping, [Server]),
    ok = peer:stop(Peer).

a_right_cookie_after_a_wrong_one(Config) ->
    Node = node_of(Config),
    %% The runtime's own cookie is the right one, or it is not.
    [begin
         {Peer, _} = llama_node_ct:peer(#{name => peer:random_name(), args => ["-setcookie", Own]}, []),
         Before = peer:call(Peer, erlang, get_cookie, [Node]),
         [begin
              {error, {node_down, _}} = peer:call(Peer, llama_node, connect, [Node, #{cookie => Wrong}], 30000),
              ?assertEqual(Before, peer:call(Peer, erlang, get_cookie, [Node]))
          end || Wrong <- [wrong, "wrong too"]],
         {ok, Server} = peer:call(Peer, llama_node, connect, [Node, Right], 30000),
         pong = peer:call(Peer, llama_node, ping, [Server]),
         %% Where it is connected, nobody is asked for a cookie, and a wrong one does no harm.
         {ok, Server} = peer:call(Peer, llama_node, connect, [Node, #{cookie => wrong}], 30000),
         true = peer:call(Peer, erlang, disconnect_node, [Node]),
         {ok, Server} = peer:call(Peer, llama_node, connect, [Node, Right], 30000),
         ok = peer:stop(Peer)
     end || {Own, Right} <- [{atom_to_list(erlang:get_cookie()), #{}},
                             {atom_to_list(erlang:get_cookie()), #{cookie => erlang:get_cookie()}},
                             {"another", #{cookie => erlang:get_cookie()}}]].

%% One that joined another one's handshake would fail with its cookie.
attempts_with_several_cookies_at_once(Config) ->
    Node = node_of(Config),
    {Peer, _} = llama_node_ct:peer(#{name => peer:random_name(), args => ["-setcookie", "another"]}, []),
    Cookies = [wrong, erlang:get_cookie(), "wrong too", erlang:get_cookie()],
    Answers = peer:call(Peer, ?MODULE, connect_at_once, [Node, Cookies], 60000),
    %% What comes first decides nothing: those with the right one succeed.
    ?assertMatch([_, {ok, _}, _, {ok, _}], Answers),
    ok = peer:stop(Peer).

a_cookie_ends_with_its_connection(Config) ->
    Node = node_of(Config),
    {Peer, _} = llama_node_ct:peer(#{name => peer:random_name(), args => ["-setcookie", "another"]}, []),
    {ok, Server} = peer:call(Peer, llama_node, connect, [Node, #{cookie => erlang:get_cookie()}], 30000),
    ?assertEqual(erlang:get_cookie(), peer:call(Peer, erlang, get_cookie, [Node])),
    ok = peer:call(Peer, ?MODULE, disconnect, [Node]),
    ?assertEqual(another, peer:call(Peer, erlang, get_cookie, [Node])),
    {error, {node_down, _}} = peer:call(Peer, llama_node, ping, [Server], 30000),
    {error, {node_down, _}} = peer:call(Peer, llama_node, connect, [Node, #{}], 30000),
    {ok, Server} = peer:call(Peer, llama_node, connect, [Node, #{cookie => erlang:get_cookie()}], 30000),
    pong = peer:call(Peer, llama_node, ping, [Server]),
    ok = peer:stop(Peer).

a_cookie_ends_with_its_server(Config) ->
    Own = erlang:get_cookie(),
    Options = llama_node_ct:options(Config),
    Name = "cookie" ++ os:getpid(),
    Given = Options#{models => [], node_name => Name, cookie => "of the node"},
    {ok, Server} = llama_node:init_server(maps:without([model, n_ctx, n_parallel], Given)),
    {ok, #{node := Node}} = llama_node:get_status(Server),
    ?assertEqual('of the node', erlang:get_cookie(Node)),
    ok = llama_node:destroy_server(Server),
    ?assertEqual(Own, erlang:get_cookie(Node)),
    undefined = whereis(llama_node_cookies),
    %% However it ends.
    {Watched, Witness} = llama_node_ct:witnessed(Given#{wait => false}, Config),
    {ok, Killed} = llama_node:init_server(maps:without([model, n_ctx, n_parallel], Watched)),
    {ok, _} = llama_node:get_status(Killed),
    ?assertEqual('of the node', erlang:get_cookie(Node)),
    Ref = erlang:monitor(process, llama_node_cookies),
    exit(Killed, kill),
    receive {'DOWN', Ref, process, _, _} -> ok end,
    ?assertEqual(Own, erlang:get_cookie(Node)),
    %% Its node's name is free again.
    ok = llama_node_ct:await_end(Witness),
    %% A start that fails.
    {error, _} = llama_node:init_server(Given#{model => "/no/such/model.gguf", models => []}),
    ?assertEqual(Own, erlang:get_cookie(Node)),
    %% A node of that name is started with the runtime's own cookie again.
    {ok, Again} = llama_node:init_server(maps:without([model, n_ctx, n_parallel, cookie], Given)),
    pong = llama_node:ping(Again),
    ok = llama_node:destroy_server(Again).

servers_of_one_node_share_its_cookie(_) ->
    Node = 'shared@nowhere',
    Own = erlang:get_cookie(Node),
    [First, Second, Third] = [holder(Node, Cookie) || Cookie <- [<<"one">>, <<"two">>, <<"one">>]],
    ?assertEqual(one, erlang:get_cookie(Node)),
    ok = finish(Third),
    ?assertEqual(two, erlang:get_cookie(Node)),
    ok = finish(First),
    ?assertEqual(two, erlang:get_cookie(Node)),
    ok = finish(Second),
    ?assertEqual(Own, erlang:get_cookie(Node)).

a_cookie_set_by_somebody_else_stays(_) ->
    [First, Second] = ['first@nowhere', 'second@nowhere'],
    true = erlang:set_cookie(First, of_the_user),
    Holders = [holder(Node, <<"held">>) || Node <- [First, Second]],
    ?assertEqual(held, erlang:get_cookie(First)),
    true = erlang:set_cookie(Second, meanwhile),
    [ok = finish(Holder) || Holder <- Holders],
    ?assertEqual([of_the_user, meanwhile], [erlang:get_cookie(Node) || Node <- [First, Second]]).

holder(Node, Cookie) ->
    Self = self(),
    Pid = spawn_link(fun () ->
        ok = llama_node_cookies:hold(Node, Cookie),
        Self ! {holds, self()},
        receive finish -> ok = llama_node_cookies:release(), Self ! {finished, self()} end
    end),
    receive {holds, Pid} -> Pid end.

finish(Pid) ->
    Pid ! finish,
    receive {finished, Pid} -> ok end.

a_lost_node_is_connected_again(Config) ->
    {Peer, Node, Launch} = elsewhere(Config),
    ok = logger:add_handler(?MODULE, ?MODULE, #{level => notice, config => #{to => self()}}),
    OsPid = Launch(),
    {ok, Llama} = llama_node:connect(Node, #{}),
    ok = llama_node:subscribe(Llama),
    %% As often as it is lost.
    Last = lists:foldl(fun (_, Running) ->
        Waiting = waits_for_ever(Llama),
        ok = llama_node_ct:kill("KILL", Running),
        ?assertMatch({error, {node_down, _}}, answer(Waiting)),
        ok = await_log(Node, "is lost"),
        receive {llama_node, Llama, {node, down, #{reason := {node_down, _}, restart_in_ms := _}}} -> ok end,
        ?assertMatch({error, {node_down, _}}, llama_node:ping(Llama)),
        New = Launch(),
        ok = await_log(Node, "is connected again"),
        receive {llama_node, Llama, {node, up, #{after_ms := _}}} -> ok end,
        ?assertEqual(pong, llama_node:ping(Llama)),
        New
    end, OsPid, [1, 2]),
    ok = llama_node:unsubscribe(Llama),
    %% Until it is not wanted any more.
    ok = llama_node:destroy_server(Llama),
    ?assertMatch({error, {unsupported, _}}, llama_node:subscribe(Llama)),
    ?assertEqual(pong, llama_node:ping(Llama)),
    Ref = llama_node_dist:monitor(Llama),
    ok = llama_node_ct:kill("KILL", Last),
    receive {'DOWN', Ref, process, _, noconnection} -> ok end,
    ok = await(fun () -> llama_node_lines:find(Llama) =:= none end),
    ok = logger:remove_handler(?MODULE),
    ?assertEqual([], llama_node_ct:flush()),
    ok = peer:stop(Peer).

a_node_that_hangs_is_disconnected(Config) ->
    {Peer, Node, Launch} = elsewhere(Config),
    ok = logger:add_handler(?MODULE, ?MODULE, #{level => notice, config => #{to => self()}}),
    OsPid = Launch(),
    {ok, Llama} = llama_node:connect(Node, #{pulse_interval => 100, pulse_timeout => 3000}),
    ok = llama_node_ct:kill("STOP", OsPid),
    Waiting = waits_for_ever(Llama),
    ?assertMatch({error, {node_down, <<"the node is gone: silent">>}}, answer(Waiting)),
    ok = await_log(Node, "does not answer"),
    ?assertMatch({error, {node_down, <<"the connection to ", _/binary>>}}, llama_node:ping(Llama)),
    ok = llama_node_ct:kill("CONT", OsPid),
    ok = await_log(Node, "is connected again"),
    ?assertEqual(pong, llama_node:ping(Llama)),
    ok = llama_node:destroy_server(Llama),
    ok = logger:remove_handler(?MODULE),
    ok = peer:stop(Peer).

%% A node of another BEAM, which gets the same name each time that it is launched.
elsewhere(Config) ->
    Peer = peer(),
    Name = "elsewhere" ++ integer_to_list(erlang:unique_integer([positive])) ++ "_" ++ os:getpid(),
    Options = (llama_node_ct:options(Config))#{node_name => Name},
    [_, Host] = string:split(atom_to_list(node()), "@"),
    {Peer, list_to_atom(Name ++ "@" ++ Host), fun () ->
        {ok, Server} = peer:call(Peer, llama_node, init_server, [Options#{host => Host}], 120000),
        peer:call(Peer, llama_node_ct, os_pid, [Server])
    end}.

waits_for_ever(Llama) ->
    Endless = maps:remove(prompt, llama_node_ct:endless()),
    spawn_monitor(fun () -> exit({answer, llama_node:complete(Llama, <<"Once">>, Endless)}) end).

answer({Pid, Ref}) ->
    receive {'DOWN', Ref, process, Pid, {answer, Answer}} -> Answer end.

%% The handler of the logger.
log(#{meta := #{llama_node := Node}, msg := {Format, Args}}, #{config := #{to := To}}) ->
    To ! {logged, Node, lists:flatten(io_lib:format(Format, Args))};
log(_Event, _Handler) ->
    ok.

await_log(Node, Words) ->
    receive
        {logged, Node, Line} ->
            case string:find(Line, Words) of
                nomatch -> await_log(Node, Words);
                _ -> ok
            end
    end.

await(Condition) ->
    case Condition() of
        true -> ok;
        false -> erlang:yield(), await(Condition)
    end.

nothing_there(_) ->
    [_, Host] = string:split(atom_to_list(node()), "@"),
    ?assertMatch({error, {node_down, _}}, llama_node:connect(list_to_atom("no_such_llama@" ++ Host), #{})).

another_mailbox(Config) ->
    ?assertMatch({error, {node_down, _}}, llama_node:connect(node_of(Config), #{name => somebody})),
    %% A BEAM is no such node either.
    ?assertMatch({error, {node_down, _}}, llama_node:connect(node(), #{})).

not_distributed(Config) ->
    {Peer, nonode@nohost} = llama_node_ct:peer(#{}, []),
    ?assertMatch({error, {unsupported, _}}, peer:call(Peer, llama_node, connect, [node_of(Config), #{}])),
    ok = peer:stop(Peer).

bad_options(Config) ->
    Node = node_of(Config),
    [begin
         {error, {invalid_argument, Message}} = llama_node:connect(Node, Options),
         ?assertMatch({_, true}, {Message, string:find(Message, Named) =/= nomatch})
     end || {Options, Named} <- [{#{cooky => x}, "cooky"}, {#{cookie => {}}, "cookie"}, {#{name => "x"}, "name"},
                                 {#{pulse_timeout => 0}, "pulse_timeout"},
                                 {#{pulse_interval => soon}, "pulse_interval"},
                                 {#{pulse_interval => 11, pulse_timeout => 10}, "greater than pulse_timeout, 10"},
                                 {#{pulse_interval => 1 bsl 31}, "greater than the tick time"},
                                 {7, "options"}]],
    ?assertError(badarg, llama_node:connect("llama@host", #{})).

%% Helpers, some of them called in the peers

node_of(Config) -> proplists:get_value(node, Config).

%% With the cookie of this runtime, as BEAMs of one cluster have it.
peer() ->
    {Peer, _} = llama_node_ct:peer(#{name => peer:random_name(),
                                     args => ["-setcookie", atom_to_list(erlang:get_cookie())]}, []),
    Peer.

connect_at_once(Node, Cookies) ->
    Callers = [spawn_monitor(fun () -> exit({answer, llama_node:connect(Node, #{cookie => Cookie})}) end)
               || Cookie <- Cookies],
    [receive {'DOWN', Ref, process, _, {answer, Answer}} -> Answer end || {_, Ref} <- Callers].

%% Returns when the loss of the connection has been noticed.
disconnect(Node) ->
    Ref = erlang:monitor(process, llama_node_cookies),
    true = erlang:disconnect_node(Node),
    receive {'DOWN', Ref, process, _, _} -> ok end.

complete(Server) ->
    {ok, #{content := Text}} = llama_node:complete(Server, <<"Once upon">>, #{temperature => 0, n_predict => 10}),
    Text.

%% In a process of its own: the one that is called ends with the call.
stream_for_ever(Server) ->
    Self = self(),
    _ = spawn(fun () ->
        true = register(streaming, self()),
        {ok, Session} = llama_node:create_session(Server, #{}),
        {ok, Task} = llama_node:stream(Server, Session, completion, llama_node_ct:endless()),
        Self ! {Session, Task},
        count(Task)
    end),
    receive Ids -> Ids end.

count(Task) ->
    receive
        {llama_node, Task, {chunk, _}} -> count(Task);
        {goes_on, From} -> receive {llama_node, Task, {chunk, _}} -> From ! running, count(Task) end
    end.

goes_on(_Task) ->
    streaming ! {goes_on, self()},
    receive Answer -> Answer end.
