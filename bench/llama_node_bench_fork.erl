%% @doc What a fork saves: the first token of a conversation that goes on in a second session, with the KV cache of the
%% first one and without any.
-module(llama_node_bench_fork).

-export([measure/1]).

-define(PREFIX, 1000).
-define(ROUNDS, 7).

%% The model has no template of its own.
-define(TEMPLATE, <<"{% for m in messages %}<s>{{ m.role }}\n{{ m.content }}</s>{% endfor %}"
                    "{% if add_generation_prompt %}<s>assistant\n{% endif %}">>).

%% @doc For each round: tokens of the prompt, those cached, and the milliseconds of a forked turn and of one that is
%% computed from the start. The fork itself is in both.
-spec measure(llama_node_bench:settings()) -> [{pos_integer(), non_neg_integer(), float(), float()}].
measure(#{model := Model, n_batch := NBatch, threads := Threads}) ->
    io:format(standard_error, "forks~n", []),
    {ok, Server} = llama_node:start_link(#{model => Model, n_parallel => 4, n_ctx => 2 * ?PREFIX, n_batch => NBatch,
                                           n_ubatch => NBatch, n_threads => Threads, log_level => warning}),
    _ = round(Server, 0), %% Not counted.
    Rounds = [round(Server, Round) || Round <- lists:seq(1, ?ROUNDS)],
    true = unlink(Server),
    ok = llama_node:destroy_server(Server),
    Rounds.

%% Which one goes first changes from round to round.
round(Server, Round) ->
    {ok, Session} = llama_node:create_session(Server, #{temperature => 0, ignore_eos => true, max_tokens => 1,
                                                        chat_template => ?TEMPLATE}),
    _ = turn(Server, Session, llama_node_bench:prompt(?PREFIX, {Round, 0, 0}), true),
    Forked = fun() -> forked(Server, Session, true) end,
    Anew = fun() -> forked(Server, Session, false) end,
    {{#{prompt_tokens := Prompt, cached_tokens := Cached}, With}, {#{cached_tokens := 0}, Without}} =
        case Round rem 2 of
            0 -> First = Forked(), {First, Anew()};
            1 -> First = Anew(), {Forked(), First}
        end,
    ok = llama_node:close_session(Server, Session),
    {Prompt, Cached, With, Without}.

forked(Server, Session, Cache) ->
    Start = erlang:monotonic_time(microsecond),
    {ok, Fork} = llama_node:fork_session(Server, Session),
    Usage = turn(Server, Fork, "And then?", Cache),
    Time = (erlang:monotonic_time(microsecond) - Start) / 1000,
    ok = llama_node:close_session(Server, Fork),
    {Usage, Time}.

turn(Server, Session, Content, Cache) ->
    {ok, Task} = llama_node:create_task(Server, Session, chat,
                                        #{content => list_to_binary(Content), cache_prompt => Cache}),
    {ok, #{usage := Usage}} = llama_node:get_result(Server, Task, infinity),
    Usage.
