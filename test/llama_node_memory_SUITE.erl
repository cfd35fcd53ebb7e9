%% What requests hold of a node with little memory: too much is refused to those who want it, the node lives, and a
%% process beside them notices nothing.
-module(llama_node_memory_SUITE).
-compile([export_all, nowarn_export_all]).

-include_lib("stdlib/include/assert.hrl").

-import(llama_node_ct, [server/1, session/1]).

suite() -> [{timetrap, {minutes, 3}}].

all() ->
    [{group, distribution}, {group, port}].

groups() ->
    Cases = [probabilities, waiting_grammars, different_grammars, different_schemas, session_settings, texts_to_count,
             long_prompts, waits_for_a_result, waits_for_a_large_result, many_vectors, sessions_of_one,
             what_is_too_large_alone],
    [{distribution, [], Cases ++ [large_tags]}, {port, [], Cases}].

init_per_group(Transport, Config) ->
    llama_node_ct:start_over(Transport, #{java_opts => ["-Xmx64m"], n_ctx => 1024, n_parallel => 2, max_queue => 2000,
                                          max_sessions => 400, result_ttl_ms => 1000}, Config).

end_per_group(Transport, Config) ->
    llama_node_ct:stop_over(Transport, Config).

end_per_testcase(_, Config) ->
    llama_node_ct:check_real(Config).

%% Runs Attack in a process of its own beside one that chats; what the attacker held is given back when it has ended.
beside(Attack, Config) ->
    Server = server(Config),
    OsPid = llama_node_ct:os_pid(Server),
    {Bystander, Chats} = spawn_monitor(fun () -> exit({chats, chats(Server, 0)}) end),
    Result = in_process(fun () -> Attack(Server) end),
    Bystander ! enough,
    receive {'DOWN', Chats, process, _, Reason} -> ?assertMatch({chats, N} when N > 0, Reason) end,
    ?assertEqual(OsPid, llama_node_ct:os_pid(Server)),
    nothing_is_held(Server),
    Result.

chats(Server, Done) ->
    {ok, #{finish_reason := length}} =
        llama_node:chat(Server, <<"Once">>, #{n_predict => 3, ignore_eos => true, timeout => 120000}),
    receive enough -> Done + 1
    after 0 -> chats(Server, Done + 1)
    end.

in_process(Fun) ->
    {_, Ref} = spawn_monitor(fun () -> exit({result, Fun()}) end),
    receive {'DOWN', Ref, process, _, Reason} ->
        {result, Result} = Reason,
        Result
    end.

%% What a process held is given back soon after its end.
nothing_is_held(Server) ->
    case llama_node:get_status(Server) of
        {ok, #{account := #{held_bytes := 0}}} -> ok;
        {ok, #{account := #{}}} -> nothing_is_held(Server)
    end.

%% Does something until it is refused for want of memory. Returns how often it was not.
until_busy(Fun) -> until_busy(Fun, 0).

until_busy(Fun, Done) ->
    case Fun() of
        {ok, _} -> until_busy(Fun, Done + 1);
        {error, {server_busy, Message}} ->
            ?assertMatch({match, _}, re:run(Message, "holds? \\d+ bytes of the node's memory", [])),
            Done
    end.

%% Many processes at once. Each result is ok, or says that there is too much.
at_once(Count, Fun) ->
    Processes = [spawn_monitor(fun () -> exit({result, Fun(N)}) end) || N <- lists:seq(1, Count)],
    [receive {'DOWN', Ref, process, _, Reason} ->
         {result, Result} = Reason,
         ?assert(is_served(Result) orelse is_refused(Result), Result),
         Result
     end || {_, Ref} <- Processes].

is_served(Result) -> element(1, Result) =:= ok.

is_refused({error, {Code, _}}) -> lists:member(Code, [server_busy, out_of_memory]);
is_refused(_) -> false.

probabilities(Config) ->
    {ok, #{stopped_by := memory, finish_reason := length, logprobs := [_ | _]}} = beside(fun (Server) ->
        llama_node:complete(Server, <<"Once">>, #{n_predict => 20000, ignore_eos => true, n_probs => 100})
    end, Config).

waiting_grammars(Config) ->
    Grammar = iolist_to_binary(["root ::= \"", lists:duplicate(100000, $a), "\""]),
    Accepted = beside(fun (Server) ->
        [begin
             Session = session(Server),
             {ok, _} = llama_node:create_task(Server, Session, chat, #{content => <<"a">>, n_predict => 300,
                                                                       ignore_eos => true}),
             Done = until_busy(fun () ->
                 llama_node:create_task(Server, Session, chat, #{content => <<"a">>, grammar => Grammar,
                                                                 timeout => 3600000})
             end),
             ok = llama_node:close_session(Server, Session),
             Done
         end || _ <- lists:seq(1, 5)]
    end, Config),
    ?assert(lists:all(fun (Count) -> Count > 20 end, Accepted), Accepted).

%% None is like another, and each takes much once it is made ready.
different_grammars(Config) ->
    flood(fun (N) ->
        Text = [["\"", integer_to_list(N), $x, integer_to_list(K), "\" [a-z]+ "] || K <- lists:seq(1, 2000)],
        #{grammar => iolist_to_binary(["root ::= ", Text])}
    end, grammar, Config).

different_schemas(Config) ->
    flood(fun (N) ->
        Names = [iolist_to_binary([$p, integer_to_list(N), $_, integer_to_list(K)]) || K <- lists:seq(1, 150)],
        #{json_schema => #{type => object, properties => maps:from_keys(Names, #{type => string, maxLength => N + 9})}}
    end, json_schema, Config).

%% Tasks that wait hold what their grammars take, so that a process with many is refused; what nobody uses gives way.
flood(Options, Key, Config) ->
    Attack = fun (Server) ->
        at_once(3, fun (P) ->
            [begin
                 Given = Options(P * 1000 + N),
                 case llama_node:chat(Server, <<"Once">>, Given#{n_predict => 3, timeout => 120000}) of
                     {ok, _} -> ok;
                     {error, {Code, Message}} ->
                         ?assert(lists:member(Code, [server_busy, out_of_memory]), {Code, Message})
                 end
             end || N <- lists:seq(1, 30)],
            {ok, done}
        end),
        Session = session(Server),
        Prefix = atom_to_binary(Key),
        Size = byte_size(Prefix),
        Until = fun Until(N) when N < 400 ->
            Given = Options(N),
            case llama_node:create_task(Server, Session, completion, Given#{prompt => <<"Once">>, n_predict => 300}) of
                {ok, _} -> Until(N + 1);
                {error, {server_busy, <<Prefix:Size/binary, ": ", _/binary>>}} -> refused;
                {error, {server_busy, _}} -> refused
            end;
            Until(_) -> all_taken
        end,
        refused = Until(1),
        ok = llama_node:close_session(Server, Session)
    end,
    beside(Attack, Config).

session_settings(Config) ->
    Settings = [#{stop => [iolist_to_binary([integer_to_list(N), lists:duplicate(1000, $s)]) || N <- lists:seq(1, 64)]},
                #{logit_bias => [[N, 1.0] || N <- lists:seq(0, 200)]},
                #{chat_template_kwargs => #{a => lists:duplicate(10000, [])}},
                #{tools => [tool(#{a => lists:duplicate(10000, [])})]}],
    [beside(fun (Server) ->
         at_once(4, fun (_) ->
             lists:foldl(fun (_, ok) ->
                 case llama_node:create_session(Server, Setting) of
                     {ok, _} -> ok;
                     {error, {server_busy, _}} -> ok
                 end
             end, ok, lists:seq(1, 200)),
             {ok, done}
         end)
     end, Config) || Setting <- Settings].

texts_to_count(Config) ->
    Text = binary:copy(<<"once upon a time ">>, 15000),
    Mailbox = proplists:get_value(mailbox, Config),
    Results = beside(fun (_) ->
        at_once(60, fun (_) -> gen_server:call(Mailbox, {count_tokens, Text}, 150000) end)
    end, Config),
    ?assert(lists:any(fun is_served/1, Results)).

long_prompts(Config) ->
    Tokens = lists:duplicate(100000, 300),
    Codes = beside(fun (Server) ->
        Processes = [spawn_monitor(fun () -> exit(llama_node:complete(Server, {tokens, Tokens}, #{n_predict => 1})) end)
                     || _ <- lists:seq(1, 30)],
        [receive {'DOWN', Ref, process, _, {error, {Code, _}}} -> Code end || {_, Ref} <- Processes]
    end, Config),
    %% What has its turn does not fit into the context.
    ?assertEqual([], lists:usort(Codes) -- [server_busy, invalid_argument]).

waits_for_a_result(Config) ->
    Mailbox = proplists:get_value(mailbox, Config),
    Codes = beside(fun (Server) ->
        {ok, Task} = llama_node:create_task(Server, session(Server), completion, llama_node_ct:endless()),
        Count = 15000,
        [gen_server:send_request(Mailbox, {get_result, Task, infinity}) || _ <- lists:seq(1, Count)],
        %% Behind them, as it goes the same way. On a slow machine the task has come to the end of its context before,
        %% and its result is gone with those that waited then.
        _ = gen_server:call(Mailbox, {cancel_task, Task}, 150000),
        lists:usort([receive {[alias | _], {error, {Code, _}}} -> Code;
                             {[alias | _], {ok, #{finish_reason := length}}} -> cancelled
                     end || _ <- lists:seq(1, Count)])
    end, Config),
    ?assertEqual([cancelled, server_busy], Codes -- [task_not_found]).

%% An answer of some kilobytes, for which many calls wait, over a connection that carries all of them.
waits_for_a_large_result(Config) ->
    Mailbox = proplists:get_value(mailbox, Config),
    Answers = beside(fun (Server) ->
        {ok, Task} = llama_node:create_task(Server, session(Server), completion,
                                            #{prompt => <<"Once">>, n_predict => 400, ignore_eos => true,
                                              n_probs => 3}),
        Count = 4000,
        [gen_server:send_request(Mailbox, {get_result, Task, infinity}) || _ <- lists:seq(1, Count)],
        lists:usort([receive {[alias | _], {ok, #{finish_reason := length}}} -> ok;
                             {[alias | _], {error, {Code, _}}} -> Code
                     end || _ <- lists:seq(1, Count)])
    end, Config),
    ?assert(lists:member(ok, Answers)),
    ?assertEqual([], Answers -- [ok, server_busy, task_not_found]).

many_vectors(Config) ->
    Texts = [integer_to_binary(N) || N <- lists:seq(1, 500)],
    Results = beside(fun (Server) ->
        at_once(40, fun (_) -> llama_node:embed(Server, Texts, #{timeout => 150000}) end)
    end, Config),
    ?assert(lists:any(fun is_served/1, Results)).

sessions_of_one(Config) ->
    beside(fun (Server) ->
        Open = [llama_node:create_session(Server, #{}) || _ <- lists:seq(1, 201)],
        {error, {server_busy, Message}} = lists:last(Open),
        ?assertEqual(<<"the process has 200 sessions; the rest are for others (owner_share)">>, Message),
        {ok, _} = in_process(fun () -> llama_node:create_session(Server, #{}) end)
    end, Config).

what_is_too_large_alone(Config) ->
    Server = server(Config),
    Many = lists:duplicate(125000, []),
    {error, {out_of_memory, <<"chat_template_kwargs: the request takes ", _/binary>>}} =
        llama_node:create_session(Server, #{chat_template_kwargs => #{a => Many}}),
    {error, {out_of_memory, <<"tools: the request takes ", _/binary>>}} =
        llama_node:chat(Server, <<"Once">>, #{tools => [tool(#{a => Many})]}),
    nothing_is_held(Server).

tool(Parameters) -> #{type => function, function => #{name => f, parameters => Parameters}}.

%% The reply of a call holds what it is marked with, and so do the calls that wait.
large_tags(Config) ->
    {llama_node, _} = Mailbox = proplists:get_value(mailbox, Config),
    beside(fun (Server) ->
        {ok, Task} = llama_node:create_task(Server, session(Server), completion, llama_node_ct:endless()),
        Tag = binary:copy(<<"t">>, 1500000),
        [Mailbox ! {'$gen_call', {self(), {N, Tag}}, {get_result, Task, infinity}} || N <- lists:seq(1, 39)],
        ok = llama_node:cancel_task(Server, Task),
        [receive {{N, Tag}, {error, {Code, _}}} -> ?assert(lists:member(Code, [server_busy, cancelled])) end
         || N <- lists:seq(1, 39)]
    end, Config).
