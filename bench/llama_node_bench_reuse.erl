%% @doc What prompts cost that were met before: chats of one call with one system prompt, sessions that come back among
%% them, and how copying cells compares with computing them.
-module(llama_node_bench_reuse).

-export([main/0]).

-define(CHATS, 200).
-define(SLOTS, 4).
-define(SESSIONS, 2).
-define(SYSTEM, 500).
-define(QUESTION, 24).
-define(TIMED, 41).
-define(ROUNDS, 15).

%% The model has no template of its own.
-define(TEMPLATE, <<"{% for m in messages %}<s>{{ m.role }}\n{{ m.content }}</s>{% endfor %}"
                    "{% if add_generation_prompt %}<s>assistant\n{% endif %}">>).

%% @doc Measures, prints and ends the runtime: with status 1 if what is wanted was not met.
-spec main() -> no_return().
main() ->
    llama_node_bench_program:run(fun () ->
        case init:get_plain_arguments() of
            ["--copies"] -> copies();
            [] -> chats()
        end
    end).

%% Chats

chats() ->
    Rows = [chats(Transport) || Transport <- [distribution, port]],
    Met = [Ratio =< 1.1 andalso With * 4 =< Without andalso Back =:= [] || {_, Ratio, With, Without, Back} <- Rows],
    heading(),
    io:format("| transport | tokens evaluated, of those that are new | first token, ms | the same with "
              "`share_prefixes => none` | sooner by | sessions that came back |~n|---|---:|---:|---:|---:|---|~n"),
    [io:format("| ~s | ~.3f | ~.1f | ~.1f | ~.1f | ~s |~n",
               [Transport, Ratio, With, Without, Without / With,
                case Back of
                    [] -> "evaluated only what was new";
                    _ -> io_lib:format("evaluated ~0p tokens more", [Back])
                end])
     || {Transport, Ratio, With, Without, Back} <- Rows],
    io:format("~nWanted: at most 1.1, at least 4 times sooner, nothing but what is new: ~s.~n",
              [case lists:all(fun (Each) -> Each end, Met) of true -> "met"; false -> "not met" end]),
    true = lists:all(fun (Each) -> Each end, Met),
    ok.

chats(Transport) ->
    Server = server(#{transport => Transport, n_ctx => 2 * ?SYSTEM, n_parallel => ?SLOTS}),
    _ = [chat(Server, words(?SYSTEM, {0, 0, N}), question(-N), #{}) || N <- lists:seq(1, 5)], %% Not counted.
    System = words(?SYSTEM, {1, 0, 0}),
    Sessions = [session(Server, N) || N <- lists:seq(1, ?SESSIONS)],
    %% As many callers as the sessions leave slots, which begin together; the sessions come back in the middle.
    {First, Second} = lists:split(?CHATS div 2, lists:seq(1, ?CHATS)),
    Before = together(Server, System, First),
    Back = lists:append([come_back(Server, Session) || Session <- Sessions]),
    Usages = Before ++ together(Server, System, Second),
    ?CHATS = length(Usages),
    Common = common(Server, System),
    New = Common + lists:sum([Prompt - Common || #{prompt_tokens := Prompt} <- Usages]),
    Evaluated = lists:sum([evaluated(Usage) || Usage <- Usages]),
    {With, Without} = timed(Server, System),
    stop(Server),
    {Transport, Evaluated / New, With, Without, Back}.

together(Server, System, Numbers) ->
    Self = self(),
    Callers = ?SLOTS - ?SESSIONS,
    Asking = [spawn_link(fun () ->
                   Self ! {self(), [chat(Server, System, question(N), #{max_tokens => 8})
                                    || N <- Numbers, N rem Callers =:= Caller]}
               end) || Caller <- lists:seq(0, Callers - 1)],
    lists:append([receive {Pid, Usages} -> Usages end || Pid <- Asking]).

%% One at a time, with and without what is in the cache; which goes first changes.
timed(Server, System) ->
    Time = fun (N, Options) ->
        Start = erlang:monotonic_time(microsecond),
        _ = chat(Server, System, question(N), Options#{max_tokens => 1}),
        (erlang:monotonic_time(microsecond) - Start) / 1000
    end,
    Pairs = [case N rem 2 of
                 0 -> With = Time(2 * N, #{}), {With, Time(2 * N + 1, #{share_prefixes => none})};
                 1 -> Without = Time(2 * N, #{share_prefixes => none}), {Time(2 * N + 1, #{}), Without}
             end || N <- lists:seq(?CHATS, ?CHATS + ?TIMED)],
    {With, Without} = lists:unzip(Pairs),
    {median(With), median(Without)}.

chat(Server, System, Question, Options) ->
    Messages = [#{role => system, content => System}, #{role => user, content => Question}],
    {ok, #{usage := Usage}} =
        llama_node:chat(Server, Messages, maps:merge(#{chat_template => ?TEMPLATE, temperature => 0, max_tokens => 1,
                                                       ignore_eos => true}, Options)),
    Usage.

%% A conversation of its own, with its first turn done.
session(Server, Number) ->
    {ok, Session} = llama_node:create_session(Server, #{system_prompt => words(100, {2, Number, 0}), temperature => 0,
                                                        chat_template => ?TEMPLATE, max_tokens => 8,
                                                        ignore_eos => true}),
    {Session, turn(Server, Session, question(Number))}.

%% Tokens that it evaluated beyond the new ones: those behind what the first turn left.
come_back(Server, {Session, #{prompt_tokens := Prompt, completion_tokens := Answer}}) ->
    #{cached_tokens := Cached} = turn(Server, Session, question(99)),
    ok = llama_node:close_session(Server, Session),
    %% The last token of an answer is sampled and not evaluated.
    [More || More <- [Prompt + Answer - 1 - Cached], More > 0].

turn(Server, Session, Content) ->
    {ok, Task} = llama_node:create_task(Server, Session, chat, #{content => Content}),
    {ok, #{usage := Usage}} = llama_node:get_result(Server, Task, infinity),
    Usage.

%% Tokens that all chats begin with.
common(Server, System) ->
    [One, Other] = [begin
                        Messages = [#{role => system, content => System}, #{role => user, content => Question}],
                        {ok, Prompt} = llama_node:apply_template(Server, #{messages => Messages,
                                                                           chat_template => ?TEMPLATE}),
                        {ok, Tokens} = llama_node:tokenize(Server, #{content => Prompt, add_special => true,
                                                                     parse_special => true}),
                        Tokens
                    end || Question <- [<<"a">>, <<"1">>]],
    length(lists:takewhile(fun ({A, B}) -> A =:= B end,
                           lists:zip(One, lists:sublist(Other ++ lists:duplicate(length(One), none), length(One))))).

%% Copies

%% A session has the prompt, so that its slot is spared and its cells are copied; with share_prefixes => none they are
%% computed. What is left is the same for both.
copies() ->
    heading(),
    io:format("| n_ctx of a slot | tokens in common | with a copy, ms | computed, ms |~n|---:|---:|---:|---:|~n"),
    lists:foreach(fun (NCtx) ->
        Server = server(#{n_ctx => NCtx, n_parallel => 2}),
        lists:foreach(fun (Common) ->
            Pairs = [copy(Server, Common, Round) || Round <- lists:seq(1, ?ROUNDS)],
            {With, Without} = lists:unzip(tl(Pairs)),
            io:format("| ~b | ~b | ~.2f | ~.2f |~n", [NCtx, Common, median(With), median(Without)])
        end, [16, 32, 64, 128, 256]),
        stop(Server)
    end, [1024, 4096, 16384]),
    ok.

copy(Server, Common, Round) ->
    Prompt = words(Common, {3, Common, Round}),
    Complete = fun (Options) ->
        Start = erlang:monotonic_time(microsecond),
        {ok, #{usage := #{cached_tokens := Cached}}} =
            llama_node:complete(Server, [Prompt, " ", words(8, {4, Common, Round})],
                                Options#{temperature => 0, n_predict => 1}),
        {Cached, (erlang:monotonic_time(microsecond) - Start) / 1000}
    end,
    {ok, Session} = llama_node:create_session(Server, #{}),
    {ok, Task} = llama_node:create_task(Server, Session, completion, #{prompt => Prompt, n_predict => 1}),
    {ok, _} = llama_node:get_result(Server, Task, infinity),
    Anew = fun () -> {0, Time} = Complete(#{share_prefixes => none}), Time end,
    Copied = fun () -> {Cached, Time} = Complete(#{}), true = Cached >= Common - 1, Time end,
    Pair = case Round rem 2 of
        0 -> With = Copied(), {With, Anew()};
        1 -> Without = Anew(), {Copied(), Without}
    end,
    ok = llama_node:close_session(Server, Session),
    Pair.

%% Common to both

server(Options) ->
    Model = filename:join(os:getenv("BENCH_WORK"), "bench.gguf"),
    {ok, Server} = llama_node:start_link(Options#{model => Model, log_level => warning}),
    Server.

stop(Server) ->
    true = unlink(Server),
    ok = llama_node:destroy_server(Server).

heading() ->
    Lib = case os:getenv("LLAMA_NODE_LIB") of
        false -> "the newest llama.cpp there is";
        Given -> "llama.cpp of LLAMA_NODE_LIB=" ++ Given
    end,
    llama_node_bench_program:heading("bench model, ~s", [Lib]).

question(Number) -> words(?QUESTION, {5, Number, 0}).

words(Length, Seed) -> list_to_binary(llama_node_bench:prompt(Length, Seed)).

evaluated(#{prompt_tokens := Prompt, cached_tokens := Cached}) -> Prompt - Cached.

median(Numbers) -> lists:nth((length(Numbers) + 1) div 2, lists:sort(Numbers)).
