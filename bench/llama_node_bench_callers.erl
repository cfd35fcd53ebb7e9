%% @doc Processes that call a node at once and count what they are answered, and when: each within its own deadline
%% and a second, or it was late. Who has no deadline is unanswered after two minutes.
-module(llama_node_bench_callers).

-export([at_once/3, together/1, opening/1, replies/2, merge/1, is_odd/1, scaled/2]).
-export_type([answers/0, code/0]).

-type code() :: ok | atom() | {odd, term()}.
-type answers() :: #{{in_time | late | unanswered, code()} => pos_integer()}.
%% How many callers had which answer.

-define(GRACE, 1000).
-define(PATIENCE, 120000).

%% Errors of the documented list that a request may end with while its node lives.
-define(CODES, [invalid_argument, out_of_memory, model_load_failed, inference_failed, session_not_found, server_busy,
                timeout, task_not_found, cancelled, unsupported]).

%% @doc So many processes call the function at once; `Deadline' is that of their calls, in milliseconds.
-spec at_once(pos_integer(), timeout(), fun((pos_integer()) -> term())) -> answers().
at_once(Count, Deadline, Fun) ->
    Callers = [spawn_monitor(fun () -> exit({answer, timed(Deadline, fun () -> Fun(N) end)}) end)
               || N <- lists:seq(1, Count)],
    Until = erlang:monotonic_time(millisecond) + ?PATIENCE,
    answered(maps:from_list([{Ref, Pid} || {Pid, Ref} <- Callers]), Until, #{}).

%% In the order in which they end, for there may be hundreds of thousands.
answered(Callers, _Until, Answers) when map_size(Callers) =:= 0 ->
    Answers;
answered(Callers, Until, Answers) ->
    receive
        {'DOWN', Ref, process, _, Reason} when is_map_key(Ref, Callers) ->
            Answer = case Reason of
                {answer, Given} -> Given;
                _ -> {in_time, {odd, Reason}}
            end,
            answered(maps:remove(Ref, Callers), Until, add(Answer, 1, Answers))
    after max(0, Until - erlang:monotonic_time(millisecond)) ->
        _ = [{exit(Pid, kill), erlang:demonitor(Ref, [flush])} || {Ref, Pid} <- maps:to_list(Callers)],
        add({unanswered, none}, map_size(Callers), Answers)
    end.

timed(Deadline, Fun) ->
    Start = erlang:monotonic_time(millisecond),
    Code = code(Fun()),
    {in_time(erlang:monotonic_time(millisecond) - Start, Deadline), Code}.

in_time(_Elapsed, infinity) -> in_time;
in_time(Elapsed, Deadline) when Elapsed =< Deadline + ?GRACE -> in_time;
in_time(_Elapsed, _Deadline) -> late.

%% @doc Several kinds of callers side by side.
-spec together([fun(() -> answers())]) -> answers().
together(Kinds) ->
    Refs = [element(2, spawn_monitor(fun () -> exit({answers, Kind()}) end)) || Kind <- Kinds],
    merge([receive
               {'DOWN', Ref, process, _, {answers, Answers}} -> Answers;
               {'DOWN', Ref, process, _, Reason} -> #{{in_time, {odd, Reason}} => 1}
           end || Ref <- Refs]).

%% @doc Calls the function in the calling process, which lives on and keeps what it was given.
-spec opening(fun(() -> term())) -> answers().
opening(Fun) ->
    #{timed(infinity, Fun) => 1}.

%% @doc Waits for the replies to so many calls of the calling process, `{Tag, Reply}' each, in whatever order they come.
-spec replies(non_neg_integer(), fun((Tag :: term()) -> boolean())) -> answers().
replies(Count, IsTag) ->
    replies(Count, IsTag, erlang:monotonic_time(millisecond) + ?PATIENCE, #{}).

replies(0, _IsTag, _Until, Answers) ->
    Answers;
replies(Count, IsTag, Until, Answers) ->
    receive
        {Tag, Reply} ->
            case IsTag(Tag) of
                true -> replies(Count - 1, IsTag, Until, add({in_time, code(Reply)}, 1, Answers));
                false -> replies(Count, IsTag, Until, Answers)
            end
    after max(0, Until - erlang:monotonic_time(millisecond)) ->
        add({unanswered, none}, Count, Answers)
    end.

%% @doc All of them together.
-spec merge([answers()]) -> answers().
merge(Many) ->
    lists:foldl(fun (Answers, All) -> maps:fold(fun add/3, All, Answers) end, #{}, Many).

add(Answer, Count, Answers) ->
    maps:update_with(Answer, fun (Sum) -> Sum + Count end, Count, Answers).

%% @doc Whether an answer is none that is documented for a node that lives.
-spec is_odd(code()) -> boolean().
is_odd(Code) ->
    not lists:member(Code, [ok, none | ?CODES]).

%% @doc A count for a node whose heap is smaller than the 512 MB that rows are meant for.
-spec scaled(pos_integer(), llama_node_bench_bounded:target()) -> pos_integer().
scaled(Count, #{scale := Scale}) ->
    max(1, Count div Scale).

%% An id in a message tells nobody apart, so only what is odd is kept whole.
code({error, {unknown, Message}}) -> {odd, Message};
code({error, {Code, _}}) -> Code;
code({error, {Code, _}, _}) -> Code;
code({ok, _}) -> ok;
code(Ok) when Ok =:= ok; Ok =:= pong -> ok;
code(Other) -> {odd, Other}.
