%% Bad models, bad input and too much of it, sent to the Java node, whose model it runs itself or a server does.
%% After each case the node must still answer and have a slot free.
-module(llama_node_input_SUITE).
-compile([export_all, nowarn_export_all]).

-include_lib("stdlib/include/assert.hrl").
-include("llama_node_ct.hrl").

-import(llama_node_ct, [server/1, own_session/1, task/3, endless/0, events/1]).

%% A case that hangs must not hold up the others for half an hour.
suite() -> [{timetrap, {minutes, 3}}].

all() -> llama_node_engine_ct:all().

groups() ->
    Input = [bad_options, bad_types, bad_inputs, bad_utf8, prompt_longer_than_the_context, empty_prompt,
             five_megabytes, deep_and_huge_terms],
    Load = [longer_than_a_frame, eight_huge_prompts_at_once, ten_thousand_queued_tasks, full_queue,
            ten_thousand_tasks_of_another, one_owner_cannot_fill_the_queue, dead_collector_swallows_nothing,
            results_of_the_dead_are_not_kept],
    Groups = llama_node_engine_ct:groups([{group, bad_models}, {group, bad_input}, {group, load}],
                                         [{group, bad_input_of_a_server}, {group, load}]),
    %% How full a queue gets is no matter of the way to a server, nor of who answers.
    OfReal = [{real_distribution, [], [{group, bad_input_of_a_server}]},
              {real_port, [], [{group, bad_input_of_a_server}, {group, load_of_a_real_server}]}],
    lists:foldl(fun (Group, All) -> lists:keyreplace(element(1, Group), 1, All, Group) end, Groups, OfReal) ++
    [{bad_models, [], [missing_file, empty_file, truncated_file, not_gguf, unknown_architecture, a_directory,
                       bad_contexts, absurd_context, bad_configurations, start_with_a_missing_file]},
     {bad_input, [], Input ++ [noise_in_the_mailbox, noise_as_calls]},
     {bad_input_of_a_server, [], Input},
     {load, [], Load},
     {load_of_a_real_server, [], [longer_than_a_frame, eight_huge_prompts_at_once, ten_thousand_queued_tasks,
                                  ten_thousand_tasks_of_another, dead_collector_swallows_nothing,
                                  results_of_the_dead_are_not_kept]}].

init_per_suite(Config) ->
    Config.

end_per_suite(_) ->
    ok.

init_per_group(Group, Config) ->
    llama_node_ct:start_over(Group, #{max_queue => 20000, owner_share => 100}, Config).

end_per_group(Group, Config) ->
    llama_node_ct:stop_over(Group, Config).

end_per_testcase(_, Config) ->
    llama_node_ct:check_real(Config).

%% Bad models: nothing is loaded, and what is loaded goes on

missing_file(Config) ->
    ?CODE(model_load_failed, load("/no/such/model.gguf", #{}, Config)),
    ?CODE(model_load_failed, load(<<"/нет/модели.gguf"/utf8>>, #{}, Config)).

empty_file(Config) ->
    ?CODE(model_load_failed, load(file(<<>>, Config), #{}, Config)).

truncated_file(Config) ->
    Model = model(Config),
    [?CODE(model_load_failed, load(file(binary:part(Model, 0, Size), Config), #{}, Config))
     || Size <- [1, 4, 7, 24, 100, 5000, byte_size(Model) div 2, byte_size(Model) - 1]].

not_gguf(Config) ->
    Noise = << <<(N * 7919 rem 251)>> || N <- lists:seq(1, 100000) >>,
    [?CODE(model_load_failed, load(file(Content, Config), #{}, Config))
     || Content <- [<<"hello">>, Noise, <<"GGUF", Noise/binary>>, <<"GGUF", 3:32/little, -1:64, -1:64>>]].

unknown_architecture(Config) ->
    Key = <<"general.architecture", 8:32/little, 5:64/little>>,
    [Before, <<"llama", After/binary>>] = binary:split(model(Config), Key),
    Path = file([Before, Key, "lxama", After], Config),
    ?CODE(model_load_failed, load(Path, #{}, Config)).

a_directory(Config) ->
    ?CODE(model_load_failed, load(proplists:get_value(priv_dir, Config), #{}, Config)).

bad_contexts(Config) ->
    #{model := Path} = llama_node_ct:options(Config),
    [begin
         {error, {invalid_argument, Message}} = load(Path, #{id => bad, n_ctx => Size}, Config),
         ?assertNotEqual(nomatch, string:find(Message, "n_ctx"))
     end || Size <- [0, -1, 1 bsl 31, 1 bsl 70, 1.5, <<"64">>, many]].

absurd_context(Config) ->
    #{model := Path} = llama_node_ct:options(Config),
    ?CODE(out_of_memory, load(Path, #{id => absurd, n_ctx => (1 bsl 31) - 1}, Config)).

bad_configurations(Config) ->
    #{model := Path} = llama_node_ct:options(Config),
    [begin
         {error, {invalid_argument, Message}} = load(Path, Bad#{id => bad}, Config),
         [Key] = maps:keys(Bad),
         ?assertNotEqual(nomatch, string:find(Message, atom_to_list(Key)))
     end || Bad <- [#{n_parallel => 0}, #{n_parallel => 65}, #{n_batch => 0}, #{n_threads => -1}, #{max_queue => -1},
                    #{use_mmap => 3}, #{nctx => 64}]],
    [?CODE(invalid_argument, load(Path, Bad, Config)) || Bad <- [7, self(), [a | b], {}, <<"{">>]],
    [?CODE(invalid_argument, load(Bad, #{}, Config)) || Bad <- [7, {}, self(), <<255, 254>>, #{}]].

start_with_a_missing_file(Config) ->
    Options = (llama_node_ct:options(Config))#{model => "/no/such/model.gguf"},
    ?CODE(model_load_failed, llama_node:start_link(Options)).

%% Bad input

bad_options(Config) ->
    Bad = [{top_p, [7, -0.1, high]}, {temperature, [-1, 101, <<"hot">>, [], {}]}, {n_predict, [-2, 1 bsl 31, 1.5, all]},
           {top_k, [-1, 0.5]}, {min_p, [2]}, {repeat_penalty, [0, -1]}, {repeat_last_n, [-2]},
           {seed, [-2, 1 bsl 64, x]},
           {stop, [7, [7.5], [<<>>], lists:duplicate(65, <<"x">>)]}, {ignore_eos, [7, yes]}, {cache_prompt, [1]},
           {logit_bias, [7, [[1]], #{<<"x">> => high}]}, {timeout, [0, -1, soon]}, {n_keep, [-2]},
           {context_shift, [2]}, {temprature, [0.5]}, {<<"nonsense">>, [1]}],
    [begin
         Answer = llama_node:complete(server(Config), <<"Once">>, #{n_predict => 1, Key => Value}),
         ?assertMatch({Key, Value, {error, {invalid_argument, _}}}, {Key, Value, Answer}),
         {error, {_, Message}} = Answer,
         ?assertMatch({_, true}, {Message, string:find(Message, io_lib:format("~ts", [Key])) =/= nomatch})
     end || {Key, Values} <- Bad, Value <- Values].

bad_types(Config) ->
    Session = own_session(Config),
    [?CODE(invalid_argument, llama_node:create_task(server(Config), Session, Type, #{prompt => <<"x">>}))
     || Type <- [nonsense, 7, {}, <<>>, "chatt", self()]],
    %% Whether a server has it is seen when it is asked.
    [?CODE(unsupported, case llama_node:create_task(server(Config), Session, Type, Input) of
                            {ok, Task} -> llama_node:get_result(server(Config), Task, infinity);
                            Refused -> Refused
                        end)
     || {Type, Input} <- [{<<"rerank">>, #{query => q, documents => [d]}},
                          {"infill", #{input_prefix => <<"a">>, input_suffix => <<"b">>}}]].

bad_inputs(Config) ->
    Server = server(Config),
    Session = own_session(Config),
    [?CODE(invalid_argument, llama_node:create_task(Server, Session, completion, Input))
     || Input <- [7, atom, {}, self(), fun lists:map/2, 1.5, [1 | 2], [{1, 2}], #{}, #{prompt => 7}, #{prompt => #{}},
                  #{prompt => [-1]}, #{prompt => [1, 99999]}, #{{a} => 1, prompt => <<"x">>}, <<"[]">>, <<"text">>]],
    [?CODE(invalid_argument, llama_node:chat(Server, Messages, #{max_tokens => 1}))
     || Messages <- [[], 7, [7.5], [#{}], [#{role => user}], [#{role => robot, content => <<"x">>}],
                     [#{role => user, content => 7}], [#{role => user, content => <<"x">>} | x]]],
    [?CODE(invalid_argument, llama_node:create_session(Server, Bad))
     || Bad <- [7, {}, #{top_p => 7}, #{nonsense => 1}, #{system_prompt => 7}]],
    [?CODE(invalid_argument, llama_node:tokenize(Server, Bad))
     || Bad <- [7, {}, #{}, #{content => 7}, #{contents => <<>>}]],
    [?CODE(invalid_argument, llama_node:detokenize(Server, Bad)) || Bad <- [7, [-1], [99999], [x], #{tokens => 7}]],
    [?CODE(invalid_argument, llama_node:apply_template(Server, Bad)) || Bad <- [7, #{}, #{messages => 7}]],
    BadTemplate = #{messages => [#{role => user, content => x}], chat_template => <<"{% if %}">>},
    Expected = llama_node_engine_ct:either(invalid_argument, unsupported, Config),
    ?assertMatch({error, {Expected, _}}, llama_node:apply_template(Server, BadTemplate)).

bad_utf8(Config) ->
    Server = server(Config),
    [begin
         ?CODE(invalid_argument, llama_node:complete(Server, Text, #{n_predict => 1})),
         ?CODE(invalid_argument, llama_node:chat(Server, Text, #{max_tokens => 1})),
         ?CODE(invalid_argument, llama_node:chat(Server, [#{role => user, content => Text}], #{max_tokens => 1})),
         ?CODE(invalid_argument, llama_node:tokenize(Server, Text)),
         ?CODE(invalid_argument, llama_node:create_session(Server, #{system_prompt => Text}))
     end || Text <- [<<255>>, <<"ab", 16#c3>>, <<16#ed, 16#a0, 16#80>>, <<16#c0, 16#80>>,
                     <<16#f8, 16#88, 16#80, 16#80, 16#80>>]].

prompt_longer_than_the_context(Config) ->
    Long = binary:copy(<<"Once upon a time ">>, 200),
    ?CODE(invalid_argument, llama_node:complete(server(Config), Long, #{n_predict => 1})),
    ?CODE(invalid_argument, llama_node:chat(server(Config), Long, #{n_predict => 1})).

%% The tiny model has no bos token to start from.
empty_prompt(Config) ->
    [begin
         {error, {invalid_argument, Message}} = llama_node:complete(server(Config), <<>>, Options),
         ?assertMatch({match, _}, re:run(Message, "\\bprompt\\b"))
     end || Options <- [#{n_predict => 1, ignore_eos => true}, #{add_special => false}, #{add_special => true}, #{}]].

five_megabytes(Config) ->
    Huge = binary:copy(<<"Once upon a time ">>, 5000000 div 17),
    ?CODE(invalid_argument, llama_node:complete(server(Config), Huge, #{n_predict => 1})),
    ?CODE(invalid_argument, llama_node:chat(server(Config), Huge, #{max_tokens => 1})).

deep_and_huge_terms(Config) ->
    Server = server(Config),
    Deep = lists:foldl(fun (_, Term) -> [Term] end, [], lists:seq(1, 100000)),
    DeepMap = lists:foldl(fun (_, Term) -> #{a => Term} end, #{}, lists:seq(1, 10000)),
    Huge = maps:from_list([{N, N} || N <- lists:seq(1, 100000)]),
    [begin
         ?CODE(invalid_argument, llama_node:create_session(Server, Term)),
         ?CODE(invalid_argument, llama_node:tokenize(Server, Term)),
         ?CODE(invalid_argument, llama_node:chat(Server, Term, #{}))
     end || Term <- [Deep, DeepMap, Huge, [Deep], {Huge}]].

noise_in_the_mailbox(Config) ->
    Mailbox = proplists:get_value(mailbox, Config),
    [Mailbox ! Noise || Noise <- noise()],
    [gen_server:cast(Mailbox, Noise) || Noise <- noise()],
    [Mailbox ! {'$gen_call', From, ping} || From <- [x, {self()}, {x, y}, {self(), a, b}, 7]],
    ?assertEqual(pong, llama_node:ping(server(Config))),
    ?assertEqual([], llama_node_ct:flush()).

noise_as_calls(Config) ->
    Mailbox = proplists:get_value(mailbox, Config),
    [?CODE(invalid_argument, gen_server:call(Mailbox, Noise)) || Noise <- noise()],
    [?CODE(invalid_argument, gen_server:call(Mailbox, {create_session, Noise, Noise})) || Noise <- noise()].

noise() ->
    [atom, 1.5, -1, 1 bsl 4096, {}, {a}, {1, 2, 3}, [], "string", [a | b], <<>>, <<1:3>>, <<255, 0>>, self(),
     make_ref(),
     fun lists:map/2, fun () -> ok end, hd(erlang:ports()), #{}, #{self() => make_ref()},
     list_to_tuple(lists:seq(1, 10000)), maps:from_list([{N, [N]} || N <- lists:seq(1, 50000)]),
     lists:foldl(fun (_, Term) -> {Term} end, x, lists:seq(1, 20000)), binary:copy(<<0>>, 1000000),
     'an atom with spaces, ünïcode and 日本', {create_task}, {get_result, 1, -1}, {get_result, 1, never},
     {stream, 1, completion, #{}, not_a_pid}, {stream, 1, completion, #{}, {self(), x, y}}].

%% Load

%% Refused by itself, and nothing else is: neither the connection nor what came over it.
longer_than_a_frame(Config) ->
    Server = server(Config),
    Session = own_session(Config),
    Ref = erlang:monitor(process, proplists:get_value(mailbox, Config)),
    Running = task(Server, Session, endless()),
    Long = binary:copy(<<"Once upon a time ">>, (17 bsl 20) div 17),
    [begin
         {error, {invalid_argument, Message}} = Answer,
         ?assertNotEqual(nomatch, string:find(Message, "too long"))
     end || Answer <- [llama_node:complete(Server, Long, #{}), llama_node:chat(Server, Long, #{}),
                       llama_node:tokenize(Server, Long), llama_node:create_session(Server, #{system_prompt => Long}),
                       llama_node:create_task(Server, Session, completion, #{prompt => Long}),
                       llama_node:stream(Server, Session, completion, #{prompt => Long})]],
    ?assertMatch({ok, #{id := Session, tasks_running := 1}}, llama_node:get_session_info(Server, Session)),
    ok = llama_node:cancel_task(Server, Running),
    ?CODE(cancelled, llama_node:get_result(Server, Running, infinity)),
    true = erlang:demonitor(Ref),
    ?assertEqual([], llama_node_ct:flush()).

eight_huge_prompts_at_once(Config) ->
    Server = server(Config),
    Session = own_session(Config),
    Huge = binary:copy(<<"Once upon a time ">>, 60000000 div 17),
    Callers = [spawn_monitor(fun () -> receive go -> exit(llama_node:complete(Server, Huge, #{})) end end)
               || _ <- lists:seq(1, 8)],
    [Pid ! go || {Pid, _} <- Callers],
    %% One that waits to be taken fills the way to the node.
    [receive {'DOWN', Ref, process, _, {error, {Code, _}}} ->
         ?assert(lists:member(Code, [invalid_argument, server_busy]), Code)
     end || {_, Ref} <- Callers],
    ?assertMatch({ok, #{id := Session}}, llama_node:get_session_info(Server, Session)).

ten_thousand_queued_tasks(Config) ->
    Server = server(Config),
    Session = own_session(Config),
    Running = [task(Server, Session, endless()) || _ <- [1, 2]],
    Many = many(Config),
    %% The last one ends with its session, however soon the others are done.
    Queued = [task(Server, Session, #{prompt => <<"Once">>, n_predict => 1}) || _ <- lists:seq(2, Many)]
        ++ [task(Server, Session, endless())],
    ?assertEqual(Many + 2, length(lists:usort(Running ++ Queued))),
    ?assertMatch({ok, #{tasks_waiting := Waiting}} when Waiting >= Many, llama_node:get_status(Server)),
    %% A few in the middle go, the ends stay.
    [?assertEqual(ok, llama_node:cancel_task(Server, Task)) || Task <- lists:sublist(Queued, Many div 2, 100)],
    [?assertEqual(ok, llama_node:cancel_task(Server, Task)) || Task <- Running],
    ?assertMatch({ok, #{usage := #{completion_tokens := 1}}}, llama_node:get_result(Server, hd(Queued), infinity)),
    ?assertEqual(ok, llama_node:close_session(Server, Session)),
    ?CODE(cancelled, llama_node:get_result(Server, lists:last(Queued), infinity)),
    ?assertMatch({ok, #{tasks_waiting := 0}}, llama_node:get_status(Server)).

full_queue(Config) ->
    {ok, Server} = llama_node:init_server((llama_node_ct:options(Config))#{n_parallel => 1, max_queue => 1}),
    {ok, Session} = llama_node:create_session(Server, #{}),
    {ok, Running} = llama_node:stream(Server, Session, completion, endless()),
    receive {llama_node, Running, {chunk, _}} -> ok end,
    Waiting = task(Server, Session, endless()),
    ?CODE(server_busy, llama_node:create_task(Server, Session, completion, endless())),
    ?CODE(server_busy, llama_node:stream(Server, Session, completion, endless())),
    ?CODE(server_busy, llama_node:complete(Server, <<"Once">>, #{})),
    ok = llama_node:cancel_task(Server, Waiting),
    ok = llama_node:cancel_task(Server, Running),
    {_, {error, {cancelled, _}}} = events(Running),
    ?assertMatch({ok, _}, llama_node:complete(Server, <<"Once">>, #{n_predict => 1})),
    ok = llama_node:destroy_server(Server).

%% All of them endless: only owners served in turn let another one's task have a slot.
ten_thousand_tasks_of_another(Config) ->
    Server = server(Config),
    Session = own_session(Config),
    Many = many(Config),
    [First, Second | _] = [task(Server, Session, endless()) || _ <- lists:seq(1, Many + 2)],
    Self = self(),
    {Other, Ref} = spawn_monitor(fun () ->
        Task = task(Server, own_session(Config), #{prompt => <<"Once">>, n_predict => 1, ignore_eos => true}),
        Self ! {accepted, self()},
        exit(llama_node:get_result(Server, Task, infinity))
    end),
    receive {accepted, Other} -> ok end,
    %% One of the two slots is for whoever has waited longer, the other one for the other owner.
    [ok = llama_node:cancel_task(Server, Task) || Task <- [First, Second]],
    receive
        {'DOWN', Ref, process, Other, Got} -> ?assertMatch({ok, #{usage := #{completion_tokens := 1}}}, Got)
    end,
    ?assertMatch({ok, #{tasks_waiting := Waiting}} when Waiting >= Many - 5, llama_node:get_status(Server)),
    ok = llama_node:close_session(Server, Session).

%% A server is asked for the tokens of each.
many(Config) -> llama_node_engine_ct:either(10000, 300, Config).

one_owner_cannot_fill_the_queue(Config) ->
    {ok, Server} = llama_node:init_server((llama_node_ct:options(Config))#{n_parallel => 1, max_queue => 8,
                                                                                 owner_share => 75}),
    Session = llama_node_ct:session(Server),
    {ok, Running} = llama_node:stream(Server, Session, completion, endless()),
    %% It has the slot, and waits no more.
    receive {llama_node, Running, {chunk, _}} -> ok end,
    ?assertEqual(6, length(until_busy(Server, Session))),
    {Other, Ref} = spawn_monitor(fun () -> exit(length(until_busy(Server, llama_node_ct:session(Server)))) end),
    receive {'DOWN', Ref, process, Other, Accepted} -> ?assertEqual(2, Accepted) end,
    ok = llama_node:destroy_server(Server).

until_busy(Server, Session) ->
    case llama_node:create_task(Server, Session, completion, endless()) of
        {ok, Task} -> [Task | until_busy(Server, Session)];
        {error, {server_busy, _}} -> []
    end.

dead_collector_swallows_nothing(Config) ->
    Server = server(Config),
    Session = own_session(Config),
    Mailbox = proplists:get_value(mailbox, Config),
    Running = [task(Server, Session, endless()) || _ <- [1, 2]],
    Task = task(Server, Session, #{prompt => <<"Once">>, n_predict => 1, ignore_eos => true}),
    Self = self(),
    {Collector, Ref} = spawn_monitor(fun () ->
        Own = task(Server, own_session(Config), endless()),
        _ = gen_server:send_request(Mailbox, {get_result, Task, infinity}),
        %% Requests of one process are handled in their order.
        pong = llama_node:ping(Server),
        Self ! {collecting, Own},
        receive never -> ok end
    end),
    OfCollector = receive {collecting, Own} -> Own end,
    exit(Collector, kill),
    receive {'DOWN', Ref, process, Collector, killed} -> ok end,
    ok = await_owner_gone(Server, OfCollector),
    [ok = llama_node:cancel_task(Server, Other) || Other <- Running],
    ?assertMatch({ok, #{usage := #{completion_tokens := 1}}}, llama_node:get_result(Server, Task, infinity)).

%% A task that nobody but its owner ends has ended: the node knows of the owner's death.
await_owner_gone(Server, Task) ->
    {error, {Code, _}} = llama_node:get_result(Server, Task, infinity),
    true = lists:member(Code, [cancelled, task_not_found]),
    ok.

%% Until no more tasks than these are left. Those of a process that died end one after another, some at a server.
await_tasks(Server, Count) ->
    case llama_node:get_status(Server) of
        {ok, #{tasks_running := Running, tasks_waiting := Waiting}} when Running + Waiting =< Count -> ok;
        {ok, _} -> await_tasks(Server, Count)
    end.

results_of_the_dead_are_not_kept(Config) ->
    Server = server(Config),
    Session = own_session(Config),
    Running = [task(Server, Session, endless()) || _ <- [1, 2]],
    {_, Ref} = spawn_monitor(fun () ->
        Own = own_session(Config),
        exit([task(Server, Own, endless()) || _ <- lists:seq(1, 100)])
    end),
    Tasks = receive {'DOWN', Ref, process, _, Created} -> Created end,
    ok = await_tasks(Server, length(Running)),
    [?CODE(task_not_found, llama_node:get_result(Server, Task, infinity)) || Task <- Tasks],
    [ok = llama_node:cancel_task(Server, Task) || Task <- Running],
    [?CODE(cancelled, llama_node:get_result(Server, Task, infinity)) || Task <- Running].

%% Helpers

model(Config) ->
    #{model := Path} = llama_node_ct:options(Config),
    {ok, Model} = file:read_file(Path),
    Model.

file(Content, Config) ->
    Name = "bad" ++ integer_to_list(erlang:unique_integer([positive])) ++ ".gguf",
    Path = filename:join(proplists:get_value(priv_dir, Config), Name),
    ok = file:write_file(Path, Content),
    Path.

load(Path, ModelConfig, Config) ->
    llama_node:load_model(server(Config), Path, ModelConfig).
