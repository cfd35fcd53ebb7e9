%% @doc One process of the soak: it draws what it does, and holds every answer against the documented errors.
-module(llama_node_bench_soak_work).

-export([start/3]).
-export_type([place/0]).

-type place() :: #{server := atom(), transport := llama_node_transport:name(), seed := integer(),
                   models := file:filename(), may_be_down := boolean(), counts := counters:counters_ref()}.
%% Where a process works, and whether the node may go meanwhile. `counts': operations and errors that were expected.

-define(MOST_SESSIONS, 4).
%% Until which every answer must have come.
-define(PATIENCE, 180000).
-define(EXPECTED, [invalid_argument, out_of_memory, model_load_failed, inference_failed, session_not_found, server_busy,
                   timeout, task_not_found, cancelled, unsupported]).

%% @doc Starts a process that works until it is ended. It exits with `{unexpected, Operation, Answer}' when an answer is
%% none of those that the documents name.
-spec start(place(), Number :: pos_integer(), Incarnation :: pos_integer()) -> {pid(), reference()}.
start(#{seed := Seed} = Place, Number, Incarnation) ->
    spawn_monitor(fun () ->
        _ = rand:seed(exsss, {Seed, Number, Incarnation}),
        work(Place, [])
    end).

-spec work(place(), [llama_node:session_id()]) -> no_return().
work(#{counts := Counts} = Place, Sessions) ->
    {Name, Operation} = drawn(operations()),
    ok = counters:add(Counts, 1, 1),
    work(Place, try Operation(Place, Sessions) catch throw:{answer, Answer} -> exit({unexpected, Name, Answer}) end).

%% How often each is done, by weight.
operations() ->
    [{8, create_session, fun create_session/2}, {5, close_session, fun close_session/2}, {10, chat, fun chat/2},
     {6, chat_in_session, fun chat_in_session/2}, {6, complete, fun complete/2}, {6, stream, fun stream/2},
     {3, unread_stream, fun unread_stream/2}, {3, stream_on_demand, fun stream_on_demand/2},
     {3, stream_fold, fun stream_fold/2}, {3, enumerated, fun enumerated/2}, {5, task, fun task/2},
     {4, forgotten_task, fun forgotten_task/2}, {3, cancelled_task, fun cancelled_task/2}, {4, embed, fun embed/2},
     {1, rerank, fun rerank/2}, {6, tokens, fun tokens/2}, {3, template, fun template/2}, {3, grammar, fun grammar/2},
     {2, chat_tools, fun chat_tools/2}, {3, branch, fun branch/2}, {3, rewind, fun rewind/2}, {2, clear, fun clear/2},
     {2, estimate, fun estimate/2}, {2, adapter, fun adapter/2}, {1, model, fun model/2}, {1, inspect, fun inspect/2},
     {3, look, fun look/2}, {3, mistakes, fun mistakes/2}, {1, casts, fun casts/2}, {1, results, fun results/2},
     {1, tags, fun tags/2}, {1, noise, fun noise/2}, {1, many_sessions, fun many_sessions/2}, {1, large, fun large/2},
     {1, probabilities, fun probabilities/2}].

drawn(Weighted) ->
    drawn(rand:uniform(lists:sum([Weight || {Weight, _, _} <- Weighted])), Weighted).

drawn(Left, [{Weight, Name, Operation} | _]) when Left =< Weight -> {Name, Operation};
drawn(Left, [{Weight, _, _} | Rest]) -> drawn(Left - Weight, Rest).

%% Answers

%% An answer that is documented; any other ends the process.
expect({error, {Code, _}} = Error, Place) ->
    expected(Code, Error, Place);
expect({error, {Code, _}, _} = Error, Place) ->
    expected(Code, Error, Place);
expect(Answer, _Place) when Answer =:= ok; Answer =:= pong; element(1, Answer) =:= ok ->
    Answer;
expect(Other, _Place) ->
    throw({answer, Other}).

expected(Code, Error, #{may_be_down := true}) when Code =:= node_down; Code =:= start_failed ->
    %% Until there is another one.
    pause(100),
    Error;
expected(Code, Error, #{counts := Counts}) ->
    ok = counters:add(Counts, 2, 1),
    case lists:member(Code, ?EXPECTED) of
        true -> Error;
        false -> throw({answer, Error})
    end.

pause(Milliseconds) -> receive after Milliseconds -> ok end.

%% Sessions

create_session(#{server := Server} = Place, Sessions) when length(Sessions) < ?MOST_SESSIONS ->
    case expect(llama_node:create_session(Server, settings()), Place) of
        {ok, Session} -> [Session | Sessions];
        {error, _} -> Sessions
    end;
create_session(Place, Sessions) ->
    close_session(Place, Sessions).

settings() ->
    one_of([#{}, #{temperature => 0}, #{system_prompt => <<"Be brief.">>}, #{stop => [<<"\n">>, <<"the">>]},
            #{logit_bias => [[rand:uniform(1000), -1.0]]}, #{n_predict => rand:uniform(20)},
            #{tools => [a_tool()], tool_choice => auto}]).

close_session(_Place, []) ->
    [];
close_session(#{server := Server} = Place, [Session | Rest]) ->
    _ = expect(llama_node:close_session(Server, Session), Place),
    Rest.

in_session(Place, Sessions, Fun) ->
    case Sessions of
        [] ->
            create_session(Place, Sessions);
        _ ->
            _ = Fun(one_of(Sessions)),
            Sessions
    end.

one_of(List) -> lists:nth(rand:uniform(length(List)), List).

%% Text

options() ->
    Options = #{n_predict => rand:uniform(40), temperature => one_of([0, 0.8, 1.5]),
                cache_prompt => one_of([true, true, false]), priority => rand:uniform(3) - 2},
    maps:merge(Options, one_of([#{}, #{}, #{timeout => rand:uniform(2000)}, #{ignore_eos => true}, #{n_probs => 3},
                                #{lora => [{<<"adapter">>, 0.5}]}, #{model => <<"second">>}, #{mirostat => 2},
                                #{top_n_sigma => 1.0, xtc_probability => 0.3}, #{dry_multiplier => 0.8}])).

text() ->
    Words = [<<"once ">>, <<"upon ">>, <<"a ">>, <<"time ">>, <<"there ">>, <<"was ">>, <<"what is ">>, <<"Erlang? ">>,
             <<"\xc3\xa9 ">>],
    iolist_to_binary([one_of(Words) || _ <- lists:seq(1, 1 + rand:uniform(one_of([5, 20, 100])))]).

chat(#{server := Server} = Place, Sessions) ->
    _ = expect(llama_node:chat(Server, text(), options()), Place),
    Sessions.

complete(#{server := Server} = Place, Sessions) ->
    Prompt = one_of([text(), {tokens, [rand:uniform(1000) || _ <- lists:seq(1, 20)]}]),
    _ = expect(llama_node:complete(Server, Prompt, options()), Place),
    Sessions.

chat_in_session(#{server := Server} = Place, Sessions) ->
    in_session(Place, Sessions, fun (Session) ->
        case expect(llama_node:create_task(Server, Session, chat, (options())#{content => text()}), Place) of
            {ok, Task} -> expect(llama_node:get_result(Server, Task, infinity), Place);
            {error, _} -> ok
        end
    end).

grammar(#{server := Server} = Place, Sessions) ->
    Schema = #{type => object, required => [a], properties => #{a => #{type => integer}}},
    Constraint = one_of([#{grammar => <<"root ::= \"yes\" | \"no\" | [0-9]+">>},
                         #{response_format => #{type => json_object}}, #{json_schema => #{type => nothing}},
                         #{json_schema => Schema}]),
    _ = expect(llama_node:chat(Server, text(), Constraint#{n_predict => 30}), Place),
    Sessions.

a_tool() ->
    #{name => now, description => <<"The time">>, parameters => #{type => object, properties => #{}}}.

chat_tools(#{server := Server} = Place, Sessions) ->
    Tool = (a_tool())#{function => fun (_) -> one_of([<<"noon">>, {error, <<"none">>}]) end},
    Options = #{n_predict => 40, tool_choice => one_of([auto, required])},
    _ = expect(llama_node:chat_tools(Server, text(), [Tool], Options), Place),
    Sessions.

%% Tasks and streams

task_in(#{server := Server} = Place, Sessions, Input, Fun) ->
    in_session(Place, Sessions, fun (Session) ->
        case expect(llama_node:create_task(Server, Session, completion, Input), Place) of
            {ok, Task} -> Fun(Task);
            {error, _} -> ok
        end
    end).

task(#{server := Server} = Place, Sessions) ->
    task_in(Place, Sessions, (options())#{prompt => text()}, fun (Task) ->
        _ = expect(llama_node:get_result(Server, Task, one_of([0, 1, rand:uniform(50)])), Place),
        expect(llama_node:get_result(Server, Task, 60000), Place)
    end).

forgotten_task(Place, Sessions) ->
    task_in(Place, Sessions, (options())#{prompt => text()}, fun (_) -> ok end).

cancelled_task(#{server := Server} = Place, Sessions) ->
    task_in(Place, Sessions, endless(), fun (Task) ->
        pause(rand:uniform(100)),
        _ = expect(llama_node:cancel_task(Server, Task), Place),
        expect(llama_node:get_result(Server, Task, 1000), Place)
    end).

endless() -> #{prompt => text(), n_predict => 1 bsl 30, ignore_eos => true}.

streamed(#{server := Server} = Place, Sessions, Input, Fun) ->
    in_session(Place, Sessions, fun (Session) ->
        case expect(llama_node:stream(Server, Session, completion, Input), Place) of
            {ok, Task} -> Fun(Task);
            {error, _} -> ok
        end
    end).

stream(Place, Sessions) ->
    streamed(Place, Sessions, (options())#{prompt => text()}, fun (Task) -> terminal(Task, Place) end).

%% Nobody asks for its text, nor for what comes of it.
unread_stream(Place, Sessions) ->
    Input = (endless())#{active => one_of([false, 1, once]), timeout => 1000},
    streamed(Place, Sessions, Input, fun (_) -> pause(100) end).

stream_on_demand(#{server := Server} = Place, Sessions) ->
    streamed(Place, Sessions, (options())#{prompt => text(), active => 2}, fun (Task) ->
        _ = expect(llama_node:active(Server, Task, one_of([true, 1 bsl 20])), Place),
        _ = case rand:uniform(2) of
            1 -> expect(llama_node:cancel_task(Server, Task), Place);
            2 -> ok
        end,
        terminal(Task, Place)
    end).

%% Exactly one event ends a stream, whatever becomes of the node.
terminal(Task, Place) ->
    receive
        {llama_node, Task, {done, _}} -> ok;
        {llama_node, Task, {error, Error}} -> expect({error, Error}, Place);
        {llama_node, _, _} -> terminal(Task, Place)
    after ?PATIENCE ->
        throw({answer, no_terminal_event})
    end.

stream_fold(#{server := Server} = Place, Sessions) ->
    in_session(Place, Sessions, fun (Session) ->
        Most = rand:uniform(20),
        Count = fun (_, N) when N < Most -> N + 1; (_, N) -> {stop, N} end,
        case llama_node:stream_fold(Count, 0, Server, Session, completion, (options())#{prompt => text()}) of
            {stopped, Most} -> ok;
            Other -> expect(Other, Place)
        end
    end).

enumerated(#{server := Server} = Place, Sessions) ->
    in_session(Place, Sessions, fun (Session) ->
        case expect(llama_node:stream_open(Server, Session, chat, (options())#{content => text()}), Place) of
            {ok, Stream} -> ok = llama_node:stream_close(some(Stream, rand:uniform(10)));
            {error, _} -> ok
        end
    end).

some(Stream, 0) -> Stream;
some(Stream, Left) ->
    case llama_node:stream_next(Stream) of
        {halt, Ended} -> Ended;
        {_, Next} -> some(Next, Left - 1)
    end.

probabilities(#{server := Server} = Place, Sessions) ->
    _ = expect(llama_node:complete(Server, text(), #{n_predict => 200, ignore_eos => true, n_probs => 100}), Place),
    Sessions.

%% Vectors, tokens, templates

embed(#{server := Server} = Place, Sessions) ->
    Options = one_of([#{}, #{encoding_format => binary}, #{pooling => none}, #{timeout => rand:uniform(500)}]),
    _ = expect(llama_node:embed(Server, [text() || _ <- lists:seq(1, rand:uniform(10))], Options), Place),
    Sessions.

rerank(#{server := Server} = Place, Sessions) ->
    _ = expect(llama_node:rerank(Server, text(), [text(), text()], #{}), Place),
    Sessions.

tokens(#{server := Server} = Place, Sessions) ->
    Text = text(),
    _ = expect(llama_node:count_tokens(Server, Text), Place),
    _ = case expect(llama_node:tokenize(Server, Text), Place) of
        {ok, Tokens} -> expect(llama_node:detokenize(Server, Tokens), Place);
        {error, _} -> ok
    end,
    Sessions.

template(#{server := Server} = Place, Sessions) ->
    Input = #{messages => [#{role => user, content => text()}], tools => [a_tool()], adapt_tools => true},
    _ = expect(llama_node:apply_template(Server, Input), Place),
    Sessions.

%% Conversations

branch(#{server := Server} = Place, Sessions) ->
    in_session(Place, Sessions, fun (Session) ->
        case expect(llama_node:fork_session(Server, Session), Place) of
            {ok, Fork} -> expect(llama_node:close_session(Server, Fork), Place);
            {error, _} -> ok
        end
    end).

rewind(#{server := Server} = Place, Sessions) ->
    in_session(Place, Sessions, fun (Session) ->
        case expect(llama_node:checkpoint_session(Server, Session), Place) of
            {ok, Checkpoint} ->
                _ = chat_in_session(Place, [Session]),
                expect(llama_node:rewind_session(Server, Session, one_of([Checkpoint, start])), Place);
            {error, _} ->
                ok
        end
    end).

clear(#{server := Server} = Place, Sessions) ->
    in_session(Place, Sessions, fun (Session) ->
        expect(llama_node:clear_cache(Server, Session, one_of([all, all_but_system_prompt])), Place)
    end).

estimate(#{server := Server} = Place, Sessions) ->
    in_session(Place, Sessions, fun (Session) ->
        _ = expect(llama_node:get_session_info(Server, Session), Place),
        expect(llama_node:estimate_task(Server, Session, chat, #{content => text()}), Place)
    end).

%% Models and adapters, which come and go under those who use them

adapter(#{server := Server, models := Models} = Place, Sessions) ->
    Path = filename:join(Models, "tiny-chat-lora.gguf"),
    _ = case rand:uniform(2) of
        1 -> expect(llama_node:load_adapter(Server, Path, #{id => adapter}), Place);
        2 -> expect(llama_node:unload_adapter(Server, adapter, #{}), Place)
    end,
    _ = expect(llama_node:list_adapters(Server), Place),
    Sessions.

model(#{server := Server, models := Models} = Place, Sessions) ->
    _ = case rand:uniform(3) of
        1 -> expect(llama_node:unload_model(Server, second), Place);
        _ -> expect(llama_node:load_model(Server, filename:join(Models, "tiny-chat.gguf"),
                                          #{id => second, n_ctx => 128, n_parallel => 1}), Place)
    end,
    _ = expect(llama_node:list_models(Server), Place),
    Sessions.

inspect(#{server := Server, models := Models} = Place, Sessions) ->
    Path = filename:join(Models, one_of(["tiny-chat.gguf", "tiny-chat-lora.gguf", "none"])),
    _ = expect(llama_node:inspect_model(Server, Path), Place),
    Sessions.

look(#{server := Server} = Place, Sessions) ->
    _ = expect(llama_node:ping(Server), Place),
    _ = expect(llama_node:get_status(Server), Place),
    Sessions.

mistakes(#{server := Server} = Place, Sessions) ->
    Options = one_of([#{temprature => 1}, #{n_predict => -7}, #{model => <<"nobody">>}]),
    _ = expect(llama_node:chat(Server, text(), Options), Place),
    _ = expect(llama_node:close_session(Server, rand:uniform(1 bsl 50)), Place),
    _ = expect(llama_node:get_result(Server, rand:uniform(1 bsl 50), 10), Place),
    Sessions.

%% Floods

%% Where messages go that no function of the API sends.
mailbox(#{server := Server, transport := port}) -> Server;
mailbox(#{server := Server, transport := distribution} = Place) ->
    case expect(llama_node:get_status(Server), Place) of
        {ok, #{node := Node}} -> {llama_node, Node};
        {error, _} -> none
    end.

%% A server that is being started anew has no name yet.
say(none, _Message) -> ok;
say(Name, Message) when is_atom(Name) ->
    case whereis(Name) of
        undefined -> ok;
        Pid -> Pid ! Message, ok
    end;
say(Mailbox, Message) ->
    Mailbox ! Message,
    ok.

casts(Place, Sessions) ->
    Mailbox = mailbox(Place),
    lists:foreach(fun (N) -> say(Mailbox, {'$gen_cast', one_of([{flood, N}, get_status, {cancel_task, N}])}) end,
                  lists:seq(1, 2000)),
    Sessions.

noise(#{transport := port} = Place, Sessions) ->
    casts(Place, Sessions);
noise(Place, Sessions) ->
    Mailbox = mailbox(Place),
    lists:foreach(fun (N) -> say(Mailbox, one_of([N, {noise, text()}, lists:seq(1, 100), #{N => 1.5}])) end,
                  lists:seq(1, 500)),
    Sessions.

results(#{server := Server} = Place, Sessions) ->
    task_in(Place, Sessions, endless(), fun (Task) ->
        calls(Place, 2000, fun (N) -> {N, {get_result, Task, one_of([1, 50, infinity])}} end,
              fun () -> expect(llama_node:cancel_task(Server, Task), Place) end)
    end).

tags(#{server := Server} = Place, Sessions) ->
    Tag = binary:copy(<<"t">>, 1 bsl 20),
    task_in(Place, Sessions, endless(), fun (Task) ->
        calls(Place, 5, fun (N) -> {{N, Tag}, {get_result, Task, infinity}} end,
              fun () -> expect(llama_node:cancel_task(Server, Task), Place) end)
    end).

%% Calls that do not wait for each other. In the second half each has its reply.
calls(Place, Count, Call, Then) ->
    Mailbox = mailbox(Place),
    Ref = make_ref(),
    lists:foreach(fun (N) ->
        {Tag, Request} = Call(N),
        say(Mailbox, {'$gen_call', {self(), {Ref, Tag}}, Request})
    end, lists:seq(1, Count)),
    _ = Then(),
    replies(Place, Ref, Count).

replies(_Place, _Ref, 0) ->
    ok;
replies(#{may_be_down := MayBeDown} = Place, Ref, Left) ->
    receive
        {{Ref, _}, Reply} ->
            _ = expect(Reply, Place),
            replies(Place, Ref, Left - 1)
    after case MayBeDown of true -> 3000; false -> ?PATIENCE end ->
        MayBeDown orelse throw({answer, {replies_missing, Left}})
    end.

many_sessions(#{server := Server} = Place, Sessions) ->
    Opened = [expect(llama_node:create_session(Server, #{}), Place) || _ <- lists:seq(1, 200)],
    lists:foreach(fun
        ({ok, Session}) -> expect(llama_node:close_session(Server, Session), Place);
        ({error, _}) -> ok
    end, Opened),
    Sessions.

large(#{server := Server} = Place, Sessions) ->
    Text = binary:copy(<<"once upon a time ">>, 30000),
    _ = expect(llama_node:count_tokens(Server, Text), Place),
    _ = expect(llama_node:complete(Server, Text, #{n_predict => 1}), Place),
    _ = expect(llama_node:create_session(Server, #{chat_template_kwargs => #{a => lists:duplicate(50000, [])}}), Place),
    Sessions.
