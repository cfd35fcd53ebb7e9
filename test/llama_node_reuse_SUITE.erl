%% What tasks find in the KV cache of what others left there, over both transports: "Prompts met again" of
%% docs/protocol.md.
-module(llama_node_reuse_SUITE).
-compile([export_all, nowarn_export_all]).

-include_lib("stdlib/include/assert.hrl").

-import(llama_node_ct, [server/1]).

suite() -> [{timetrap, {minutes, 3}}].

all() -> llama_node_engine_ct:all([scripted, real_port]).

groups() ->
    Cases = [equal_completions, system_prompt_of_every_chat, chats_that_come_together, closed_session,
             sessions_that_come_back, shared_by_owner, shared_by_nobody, bound_of_the_model, no_cache,
             least_similarity, text_of_an_empty_cache, other_template, adapters],
    %% Which prefixes a server finds again is its own affair, but sessions have slots that they meet again.
    llama_node_engine_ct:groups(Cases, [sessions_that_come_back]).

init_per_group(Group, Config) ->
    llama_node_ct:start_over(Group, #{n_ctx => 512, n_parallel => 4}, Config).

end_per_group(Group, Config) ->
    llama_node_ct:stop_over(Group, Config).

end_per_testcase(_, Config) ->
    llama_node_ct:check_real(Config).

%% Three equal prompts are evaluated once, and their slot tells what it holds though no session has it.
equal_completions(Config) ->
    Prompt = text(equal_completions),
    [#{content := Text, usage := #{prompt_tokens := Tokens}} = First | More] =
        [complete(Prompt, #{}, Config) || _ <- [1, 2, 3]],
    ?assertEqual(Tokens, evaluated(First)),
    [?assertMatch({Text, 1}, {Again, evaluated(Result)}) || #{content := Again} = Result <- More],
    {ok, #{models := [#{slots := Slots} | _]}} = llama_node:get_status(server(Config)),
    ?assertEqual([], [Slot || #{session_id := _} = Slot <- Slots]),
    %% All but the token that was sampled last.
    ?assert(lists:member(Tokens + 7, [Cached || #{cached_tokens := Cached, state := idle} <- Slots])).

system_prompt_of_every_chat(Config) ->
    System = text(system_prompt_of_every_chat),
    {ok, Whole} = llama_node:count_tokens(server(Config), System),
    Chats = [chat(System, integer_to_binary(1000 + N), Config) || N <- lists:seq(1, 12)],
    Evaluated = [evaluated(Chat) || Chat <- Chats],
    ?assert(hd(Evaluated) > Whole),
    %% Those that followed had a question and what the template puts around it.
    [?assert(New < 40) || New <- tl(Evaluated)].

%% One evaluates what all begin with, and the others wait for it.
chats_that_come_together(Config) ->
    System = text(chats_that_come_together),
    Self = self(),
    Asked = [spawn_link(fun() -> Self ! {self(), evaluated(chat(System, integer_to_binary(N), Config))} end)
             || N <- lists:seq(1, 4)],
    Evaluated = [receive {Pid, New} -> New end || Pid <- Asked],
    ?assertMatch([_], [New || New <- Evaluated, New >= 40]).

closed_session(Config) ->
    Server = server(Config),
    Prompt = text(closed_session),
    {ok, Session} = llama_node:create_session(Server, #{}),
    _ = in_session(Session, Prompt, Config),
    ok = llama_node:close_session(Server, Session),
    ?assertEqual(1, evaluated(complete(Prompt, #{}, Config))).

%% Chats of others have the slots that no session will come back for.
sessions_that_come_back(Config) ->
    Server = server(Config),
    Texts = [text({sessions_that_come_back, N}) || N <- [1, 2]],
    Sessions = [{Session, in_session(Session, Text, Config)}
                || Text <- Texts, {ok, Session} <- [llama_node:create_session(Server, #{})]],
    _ = [complete(text({other, N}), #{}, Config) || N <- lists:seq(1, 9)],
    [begin
         #{content := Answer} = Result,
         More = <<Text/binary, Answer/binary, " and">>,
         #{usage := #{cached_tokens := Cached}} = in_session(Session, More, Config),
         #{usage := #{prompt_tokens := Before}} = Result,
         ?assert(Cached >= Before),
         ok = llama_node:close_session(Server, Session)
     end || {Text, {Session, Result}} <- lists:zip(Texts, Sessions)].

%% The owner is the process that makes the task.
shared_by_owner(Config) ->
    Prompt = text(shared_by_owner),
    Owner = #{share_prefixes => owner},
    _ = complete(Prompt, Owner, Config),
    ?assertEqual(1, evaluated(complete(Prompt, Owner, Config))),
    Whole = fun(#{usage := #{prompt_tokens := Tokens}} = Result) -> ?assertEqual(Tokens, evaluated(Result)) end,
    Whole(elsewhere(fun() -> complete(Prompt, Owner, Config) end)),
    %% Nor does one who would share with all.
    Whole(elsewhere(fun() -> complete(Prompt, #{}, Config) end)).

shared_by_nobody(Config) ->
    Server = server(Config),
    Prompt = text(shared_by_nobody),
    Alone = #{share_prefixes => none},
    _ = complete(Prompt, #{}, Config),
    #{usage := #{prompt_tokens := Tokens}} = First = complete(Prompt, Alone, Config),
    ?assertEqual(Tokens, evaluated(First)),
    %% A session goes on from its own, and leaves nothing behind.
    Own = text({shared_by_nobody, own}),
    {ok, Session} = llama_node:create_session(Server, Alone),
    _ = in_session(Session, Own, Config),
    ?assertEqual(1, evaluated(in_session(Session, Own, Config))),
    #{usage := #{prompt_tokens := Whole}} = Beside = complete(Own, #{}, Config),
    ?assertEqual(Whole, evaluated(Beside)),
    ok = llama_node:close_session(Server, Session).

bound_of_the_model(Config) ->
    Server = server(Config),
    with_model(#{id => narrow, share_prefixes => owner, n_parallel => 2}, Config, fun() ->
        Prompt = text(bound_of_the_model),
        Narrow = #{model => narrow},
        _ = complete(Prompt, Narrow, Config),
        ?assertEqual(1, evaluated(complete(Prompt, Narrow, Config))),
        #{usage := #{prompt_tokens := Tokens}} = Other = elsewhere(fun() -> complete(Prompt, Narrow, Config) end),
        ?assertEqual(Tokens, evaluated(Other)),
        Wider = Narrow#{share_prefixes => node},
        Message = <<"share_prefixes: model 'narrow' was loaded with 'owner', which 'node' would exceed">>,
        ?assertEqual({error, {invalid_argument, Message}}, llama_node:complete(Server, Prompt, Wider)),
        ?assertEqual({error, {invalid_argument, Message}}, llama_node:create_session(Server, Wider)),
        #{content := _} = complete(Prompt, Narrow#{share_prefixes => none}, Config)
    end).

no_cache(Config) ->
    with_model(#{id => single, n_parallel => 1}, Config, fun() ->
        Prompt = text(no_cache),
        _ = complete(Prompt, #{model => single, cache_prompt => false}, Config),
        ?assertEqual([0], held(single, Config)),
        #{usage := #{prompt_tokens := Tokens}} = First = complete(Prompt, #{model => single}, Config),
        ?assertEqual(Tokens, evaluated(First)),
        ?assertEqual([Tokens + 7], held(single, Config)),
        Again = complete(Prompt, #{model => single, cache_prompt => false}, Config),
        ?assertEqual(Tokens, evaluated(Again))
    end).

least_similarity(Config) ->
    [with_model(#{id => choosy, n_parallel => 2, slot_prompt_similarity => Least}, Config, fun() ->
         Prompt = text(least_similarity),
         [#{usage := #{prompt_tokens := Tokens}} | _] = Results =
             [complete(Prompt, #{model => choosy}, Config) || _ <- [1, 2]],
         ?assertEqual([Tokens, 1], [evaluated(Result) || Result <- Results]),
         ?assertEqual({Least, Used}, {Least, length([Held || Held <- held(choosy, Config), Held > 0])})
     end) || {Least, Used} <- [{0.5, 1}, {0, 2}]].

%% The same tokens, and nearly the same probabilities: a batch of another size is computed in another order.
text_of_an_empty_cache(Config) ->
    Prompt = text(text_of_an_empty_cache),
    Options = #{n_probs => 3, n_predict => 24},
    #{logprobs := Anew} = complete(Prompt, Options#{cache_prompt => false}, Config),
    _ = complete(<<Prompt/binary, " but otherwise">>, #{}, Config),
    #{logprobs := Taken} = Result = complete(Prompt, Options, Config),
    ?assertEqual(1, evaluated(Result)),
    ?assertEqual(length(Anew), length(Taken)),
    [?assertMatch({Token, true}, {Other, abs(One - Two) < 0.01})
     || {#{token := Token, logprob := One}, #{token := Other, logprob := Two}} <- lists:zip(Anew, Taken)].

%% The messages are the same, and the prompts differ from their first tokens on.
other_template(Config) ->
    Templates = [#{prefix => <<"Question: ">>, postfix => <<"\nAnswer:">>}, #{prefix => <<"Q ">>, postfix => <<" A">>}],
    Ask = fun(Template, Cache) ->
              {ok, #{content := Text}} =
                  llama_node:chat(server(Config), text(other_template),
                                  #{chat_template => Template, temperature => 0, max_tokens => 16, ignore_eos => true,
                                    cache_prompt => Cache}),
              Text
          end,
    Expected = [Ask(Template, false) || Template <- Templates],
    ?assertEqual(Expected ++ Expected, [Ask(Template, true) || Template <- Templates ++ Templates]).

%% What was computed with an adapter is of use to the same adapter alone, as long as that is loaded.
adapters(Config) ->
    Server = server(Config),
    Models = filename:join(llama_node_options:priv_dir(), "models"),
    File = filename:join(Models, "tiny-chat-lora.gguf"),
    Path = filename:join(Models, "tiny-chat.gguf"),
    ok = llama_node:load_model(Server, Path, #{id => chatty, n_ctx => 512, n_parallel => 2}),
    ok = llama_node:load_adapter(Server, File, #{id => pirate, model => chatty}),
    Prompt = text(adapters),
    Plain = #{model => chatty},
    Adapted = Plain#{lora => [{pirate, 1}]},
    Anew = [complete(Prompt, Options#{cache_prompt => false}, Config) || Options <- [Plain, Adapted]],
    Found = [complete(Prompt, Options, Config) || Options <- [Plain, Adapted, Plain, Adapted]],
    Text = fun(#{content := Content}) -> Content end,
    ?assertEqual(lists:map(Text, Anew ++ Anew), lists:map(Text, Found)),
    [Whole, Whole, 1, 1] = [evaluated(Result) || Result <- Found],
    ok = llama_node:unload_adapter(Server, pirate, #{model => chatty}),
    ?assertEqual(1, length([Held || Held <- held(chatty, Config), Held > 0])),
    ok = llama_node:load_adapter(Server, File, #{id => pirate, model => chatty}),
    ?assertEqual(Whole, evaluated(complete(Prompt, Adapted, Config))),
    ok = llama_node:unload_model(Server, chatty).

%% Helpers

%% Nobody else begins so.
text(Name) ->
    Begins = io_lib:format("~0p tells: ", [Name]),
    iolist_to_binary([Begins, lists:duplicate(6, "the quick brown fox jumps over it. ")]).

complete(Prompt, Options, Config) ->
    Given = maps:merge(#{temperature => 0, n_predict => 8, ignore_eos => true}, Options),
    {ok, Result} = llama_node:complete(server(Config), Prompt, Given),
    Result.

chat(System, Question, Config) ->
    Messages = [#{role => system, content => System}, #{role => user, content => Question}],
    {ok, Result} = llama_node:chat(server(Config), Messages, #{temperature => 0, max_tokens => 4, ignore_eos => true}),
    Result.

in_session(Session, Prompt, Config) ->
    Task = llama_node_ct:task(server(Config), Session,
                              #{prompt => Prompt, temperature => 0, n_predict => 8, ignore_eos => true}),
    {ok, Result} = llama_node:get_result(server(Config), Task, infinity),
    Result.

evaluated(#{usage := #{prompt_tokens := Prompt, cached_tokens := Cached}}) -> Prompt - Cached.

%% In a process of its own, which is another owner.
elsewhere(Fun) ->
    Self = self(),
    Pid = spawn_link(fun() -> Self ! {self(), Fun()} end),
    receive {Pid, Result} -> Result end.

with_model(#{id := Id} = Options, Config, Fun) ->
    #{model := Path} = llama_node_ct:options(Config),
    ok = llama_node:load_model(server(Config), Path, Options#{n_ctx => 512}),
    Fun(),
    ok = llama_node:unload_model(server(Config), Id).

%% What the slots of a model have cached.
held(Id, Config) ->
    Name = atom_to_binary(Id),
    {ok, #{models := Models}} = llama_node:get_status(server(Config)),
    [Slots] = [Slots || #{id := Known, slots := Slots} <- Models, Known =:= Name],
    [Cached || #{cached_tokens := Cached} <- Slots].
