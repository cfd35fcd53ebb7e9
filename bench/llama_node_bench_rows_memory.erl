%% @doc Rows of "Bounded": memory that a request holds.
-module(llama_node_bench_rows_memory).

-export([rows/0]).

-import(llama_node_bench_callers, [at_once/3, together/1, opening/1, replies/2, merge/1, scaled/2]).

%% Calls that only look give up after this time.
-define(LOOKS, 30000).
%% The least deadline of a task that waits for hours.
-define(HOUR, 3600000).

%% @doc The rows.
-spec rows() -> [llama_node_bench_bounded:row()].
rows() ->
    [#{name => probabilities, what => "one answer of 20,000 tokens with 100 alternatives each",
       attack => fun probabilities/1},
     #{name => grammars, what => "300 queued chats with a grammar of 100 kB, session closed, 6 times",
       attack => fun grammars/1},
     #{name => stop_texts, what => "7,300 sessions of 8 processes with 64 stop texts of 1,000 characters",
       attack => fun stop_texts/1},
     #{name => logit_bias, what => "11 sessions with a logit bias of 400,000 entries",
       attack => fun (Target) -> sessions(11, #{logit_bias => biases(Target)}, Target) end},
     #{name => template_kwargs, what => "9 sessions with 900,000 empty lists for the template",
       attack => fun (Target) -> sessions(9, #{chat_template_kwargs => empty_lists(Target)}, Target) end},
     #{name => tools, what => "9 sessions with a tool of 900,000 empty lists",
       attack => fun (Target) -> sessions(9, #{tools => [tool(empty_lists(Target))]}, Target) end},
     #{name => queued_kwargs, what => "10 queued chats with 900,000 empty lists for the template",
       attack => fun queued_kwargs/1},
     #{name => count_tokens, what => "1,000 callers count the tokens of 1 MB at once", attack => fun count_tokens/1},
     #{name => token_prompts, what => "300 callers with a prompt of 900,000 token ids at once",
       attack => fun token_prompts/1},
     #{name => large_tags, what => "39 calls of get_result with a tag of 12 MB", attack => fun large_tags/1},
     #{name => waits, what => "1,200,000 calls of get_result on one running task (port: 200,000 processes)",
       attack => fun waits/1},
     #{name => embeddings, what => "40 callers embed at once, answers of 3.5 MB each", attack => fun embeddings/1},
     #{name => large_answers, what => "8 callers of tokenize at once, answers of 14 MB each",
       attack => fun large_answers/1},
     %% With slots enough, for it is about the results.
     #{name => logprobs, what => "5 answers with 1,500 tokens and 100 alternatives each at once",
       options => #{n_parallel => 8}, attack => fun logprobs/1}].

probabilities(#{server := Server}) ->
    at_once(1, infinity, fun (_) ->
        llama_node:complete(Server, <<"Once">>, #{n_predict => 20000, ignore_eos => true, n_probs => 100})
    end).

grammars(Target) ->
    Grammar = iolist_to_binary(["root ::= \"", lists:duplicate(100000, $a), "\""]),
    merge([queued(scaled(300, Target), #{grammar => Grammar}, Target) || _ <- lists:seq(1, 6)]).

queued_kwargs(Target) ->
    queued(10, #{chat_template_kwargs => empty_lists(Target)}, Target).

%% Chats of one session that wait behind a running one, until the session is closed.
queued(Count, More, #{server := Server}) ->
    {ok, Session} = llama_node:create_session(Server, #{}),
    Input = #{content => <<"a">>, n_predict => 1 bsl 30, ignore_eos => true, timeout => ?HOUR},
    Chats = [opening(fun () -> llama_node:create_task(Server, Session, chat, Chat) end)
             || Chat <- [Input | lists:duplicate(Count, maps:merge(Input, More))]],
    merge([opening(fun () -> llama_node:close_session(Server, Session) end) | Chats]).

stop_texts(#{server := Server} = Target) ->
    Stop = [iolist_to_binary([integer_to_list(100 + N), lists:duplicate(997, $s)]) || N <- lists:seq(1, 64)],
    opened(8, fun () ->
        merge([opening(fun () -> llama_node:create_session(Server, #{stop => Stop}) end)
               || _ <- lists:seq(1, scaled(913, Target))])
    end).

sessions(Count, Config, #{server := Server}) ->
    merge([opening(fun () -> llama_node:create_session(Server, Config) end) || _ <- lists:seq(1, Count)]).

%% So many processes, each of which keeps what it has until all are done.
opened(Count, Fun) ->
    Parent = self(),
    Openers = [spawn_monitor(fun () -> Parent ! {self(), Fun()}, receive enough -> ok end end)
               || _ <- lists:seq(1, Count)],
    Answers = [receive
                   {Pid, Opened} -> Opened;
                   {'DOWN', Ref, process, Pid, Reason} -> #{{in_time, {odd, Reason}} => 1}
               end || {Pid, Ref} <- Openers],
    _ = [Pid ! enough || {Pid, _} <- Openers],
    _ = [erlang:demonitor(Ref, [flush]) || {_, Ref} <- Openers],
    merge(Answers).

%% Nothing is copied from process to process that stands there.
constant(Key, Make) ->
    case persistent_term:get({?MODULE, Key}, none) of
        none -> Made = Make(), ok = persistent_term:put({?MODULE, Key}, Made), Made;
        Made -> Made
    end.

biases(Target) ->
    constant(biases, fun () -> maps:from_list([{N, 1.0} || N <- lists:seq(1, scaled(400000, Target))]) end).

empty_lists(Target) ->
    constant(empty_lists, fun () -> #{a => lists:duplicate(scaled(900000, Target), [])} end).

tool(Parameters) -> #{type => function, function => #{name => f, parameters => Parameters}}.

count_tokens(#{server := Server} = Target) ->
    Text = constant(text, fun () -> binary:copy(<<"once upon a time ">>, scaled(61000, Target)) end),
    at_once(1000, ?LOOKS, fun (_) -> llama_node:count_tokens(Server, Text) end).

token_prompts(#{server := Server} = Target) ->
    _ = constant(tokens, fun () -> lists:duplicate(scaled(900000, Target), 300) end),
    at_once(300, infinity, fun (_) ->
        llama_node:complete(Server, {tokens, persistent_term:get({?MODULE, tokens})}, #{n_predict => 1})
    end).

large_tags(#{server := Server, mailbox := Mailbox} = Target) ->
    Task = running(Server),
    Tag = binary:copy(<<"t">>, scaled(12000000, Target)),
    Self = self(),
    Ref = make_ref(),
    lists:foreach(fun (N) -> Mailbox ! {'$gen_call', {Self, {Ref, N, Tag}}, {get_result, Task, infinity}} end,
                  lists:seq(1, 39)),
    Cancelled = at_once(1, infinity, fun (_) -> llama_node:cancel_task(Server, Task) end),
    merge([Cancelled, replies(39, fun ({Tagged, _, _}) -> Tagged =:= Ref; (_) -> false end)]).

%% Over the port by as many processes as there is room for: one that sends calls by the hundred thousand to the server's
%% process, which handles what the node says as well, holds up that.
waits(#{transport := port, server := Server} = Target) ->
    Task = running(Server),
    together([fun () ->
                  at_once(scaled(200000, Target), infinity,
                          fun (_) -> llama_node:get_result(Server, Task, infinity) end)
              end,
              fun () ->
                  receive after 3000 -> opening(fun () -> llama_node:cancel_task(Server, Task) end) end
              end]);
waits(#{transport := distribution, server := Server, mailbox := Mailbox} = Target) ->
    Task = running(Server),
    Self = self(),
    Ref = make_ref(),
    Count = scaled(1200000, Target),
    lists:foreach(fun (N) -> Mailbox ! {'$gen_call', {Self, {Ref, N}}, {get_result, Task, infinity}} end,
                  lists:seq(1, Count)),
    Cancelled = at_once(1, infinity, fun (_) -> llama_node:cancel_task(Server, Task) end),
    merge([Cancelled, replies(Count, fun ({Tagged, _}) -> Tagged =:= Ref; (_) -> false end)]).

running(Server) ->
    {ok, Session} = llama_node:create_session(Server, #{}),
    {ok, Task} = llama_node:create_task(Server, Session, completion,
                                        #{prompt => <<"Once">>, n_predict => 1 bsl 30, ignore_eos => true}),
    Task.

%% A vector for each token, of 128 floats in 9 bytes each.
embeddings(#{server := Server} = Target) ->
    Text = binary:copy(<<"once upon a time ">>, 13),
    Texts = constant(texts, fun () -> lists:duplicate(scaled(60, Target), Text) end),
    at_once(40, infinity, fun (_) ->
        llama_node:embed(Server, Texts, #{pooling => none})
    end).

large_answers(#{server := Server} = Target) ->
    Text = binary:copy(<<"~^">>, scaled(200000, Target)),
    at_once(8, ?LOOKS, fun (_) -> llama_node:tokenize(Server, #{content => Text, with_pieces => true}) end).

logprobs(#{server := Server} = Target) ->
    Options = #{n_predict => scaled(1500, Target), ignore_eos => true, n_probs => 100},
    at_once(5, infinity, fun (_) -> llama_node:complete(Server, <<"Once">>, Options) end).
