%% @doc What many processes have to say to one node, in a bounded line: whoever sends never waits for the node.
%%
%% A process writes by itself as long as the way is free. What a busy way does not take goes through a process that does
%% nothing else than write, and as long as that has something to write, everything goes through it, so that nothing
%% overtakes what its sender has sent before. Senders have their turns there by the bytes that they send, so that who
%% has little to say waits for the message that is being written, and not for the large or the many ones of others. How
%% much may wait is bounded: a request beyond it is refused with `server_busy'. A request whose caller has died or given
%% up meanwhile is not written any more.
%% @end
-module(llama_node_writer).

-export([start/2, depend/2, send/5, call/4, written/1]).
%% Entry point of the process that writes.
-export([init/3]).
-export_type([writer/0, write/0]).

%% `[alias | Ref]', as gen_server makes it.
-dialyzer({no_improper_lists, call/4}).

-type writer() :: {pid(), atomics:atomics_ref()}.
%% The process, and what is counted: the messages that wait, their bytes, and the messages that it has written.

-type write() :: fun((Message :: term()) -> ok | closed).
%% Writes one message, however long that takes.

-type sender() :: {pid(), Until :: integer() | infinity} | {passed_on, pid()} | always.
%% Who waits for an answer, and until when (milliseconds of the monotonic time); for whom somebody else passes on what
%% may come in any number, as casts do; or what must not be refused: the few messages that the application sends of its
%% own.

-define(MESSAGES, 1).
-define(BYTES, 2).
-define(WRITTEN, 3).

%% The bounds. One message always has room for its bytes. What is passed on may take half of it, so that who floods the
%% one that passes it on leaves room for others.
-define(MOST_MESSAGES, 65536).
-define(MOST_BYTES, 33554432).
%% What a message takes of its sender's turn, however short it is.
-define(LEAST_BYTES, 128).

%% @doc Starts a process that writes until the process `Owner' ends.
-spec start(pid(), write()) -> writer().
start(Owner, Write) ->
    Counters = atomics:new(3, [{signed, true}]),
    {proc_lib:spawn_opt(?MODULE, init, [Owner, Write, Counters], [{message_queue_data, off_heap}]), Counters}.

%% @doc Has the process end with that one instead.
-spec depend(writer(), pid()) -> ok.
depend({Writer, _Counters}, Owner) ->
    Writer ! {depend, Owner},
    ok.

%% @doc Sends a message: directly, or by the process that writes. `Direct' returns whether the way has taken it, without
%% waiting; `Message' is what is written otherwise, and `Size' tells its bytes.
-spec send(writer(), sender(), fun(() -> boolean()), Message :: term(), fun(() -> non_neg_integer())) ->
    ok | {error, llama_node:error()}.
send({Writer, Counters}, Sender, Direct, Message, Size) ->
    case atomics:get(Counters, ?MESSAGES) =:= 0 andalso Direct() of
        true -> ok;
        false -> queue(Writer, Counters, Sender, Message, Size())
    end.

%% Counted before it is sent: whatever this process sends next finds it counted.
queue(Writer, Counters, Sender, Message, Size) ->
    Messages = atomics:add_get(Counters, ?MESSAGES, 1),
    Bytes = atomics:add_get(Counters, ?BYTES, Size),
    case has_room(Sender, Messages, Bytes, Size) of
        true ->
            Writer ! {write, source(Sender), Sender, Size, Message},
            ok;
        false ->
            ok = done(Counters, Size),
            llama_node_error:make(server_busy,
                "~b requests of ~b bytes wait for the node to take them, and no more may wait",
                [Messages - 1, Bytes - Size])
    end.

%% Whose messages stay in order: those of the process that sends, and those of each for whom it passes them on.
source({passed_on, _} = Source) -> Source;
source(_Sender) -> self().

has_room(always, _Messages, _Bytes, _Size) -> true;
has_room({passed_on, _}, Messages, Bytes, Size) -> is_within(2 * Messages, 2 * Bytes, 2 * Size);
has_room({_, _}, Messages, Bytes, Size) -> is_within(Messages, Bytes, Size).

is_within(Messages, Bytes, Size) ->
    Messages =< ?MOST_MESSAGES andalso (Bytes =< ?MOST_BYTES orelse Bytes =:= Size).

done(Counters, Size) ->
    ok = atomics:sub(Counters, ?BYTES, Size),
    atomics:sub(Counters, ?MESSAGES, 1).

%% @doc Messages that the process has written so far: while something waits, a number that grows says that the node
%% reads.
-spec written(writer()) -> non_neg_integer().
written({_Writer, Counters}) ->
    atomics:get(Counters, ?WRITTEN).

%% @doc Makes a call in the name of the calling process. `Watched' is a process of this runtime that ends when the node
%% is out of reach. The tag of the call is an alias, so an answer that comes too late is dropped by the runtime; the
%% node is told that nobody waits for it any more.
-spec call(Watched :: pid(), fun((sender(), Message :: term()) -> ok | {error, llama_node:error()}), term(),
           timeout()) -> term().
call(Watched, Send, Request, Timeout) ->
    Ref = erlang:monitor(process, Watched, [{alias, reply_demonitor}]),
    case Send({self(), until(Timeout)}, {'$gen_call', {self(), [alias | Ref]}, Request}) of
        ok ->
            receive
                {[alias | Ref], Reply} -> Reply;
                {'DOWN', Ref, process, _, Reason} -> llama_node_error:node_down(Reason)
            after Timeout ->
                forget(Ref),
                _ = Send(always, {'$gen_cast', self(), {give_up, Ref}}),
                llama_node_error:timeout(Timeout)
            end;
        {error, _} = Error ->
            forget(Ref),
            Error
    end.

until(infinity) -> infinity;
until(Timeout) -> erlang:monotonic_time(millisecond) + Timeout.

%% The answer may have come in between.
forget(Ref) ->
    _ = erlang:demonitor(Ref, [flush]),
    receive {[alias | Ref], _} -> ok after 0 -> ok end.

%% @private
-spec init(pid(), write(), atomics:atomics_ref()) -> ok.
init(Owner, Write, Counters) ->
    loop(erlang:monitor(process, Owner), Write, Counters, line()).

%% All that has arrived is put in line before the next one is written.
loop(Owner, Write, Counters, Line) ->
    receive
        {write, Source, Sender, Size, Message} ->
            loop(Owner, Write, Counters, enter(Source, {Sender, Size, Message}, Size, Line));
        {depend, Pid} ->
            true = erlang:demonitor(Owner, [flush]),
            loop(erlang:monitor(process, Pid), Write, Counters, Line);
        {'DOWN', Owner, process, _, _} ->
            ok
    after patience(Line) ->
        {{Sender, Size, Message}, Rest} = leave(Line),
        case is_wanted(Sender) andalso Write(Message) of
            false ->
                ok = done(Counters, Size),
                loop(Owner, Write, Counters, Rest);
            ok ->
                %% Only now: the way has the message, and takes the next one after it.
                ok = atomics:add(Counters, ?WRITTEN, 1),
                ok = done(Counters, Size),
                loop(Owner, Write, Counters, Rest);
            closed ->
                ok
        end
    end.

%% Who waits, by turns: a message's turn is where its source's last one ends, or where the line is now if that is
%% further, and its own bytes (self-clocked fair queueing: Golestani, 1994). The number keeps those of one turn apart.
line() ->
    #{now => 0, number => 0, sources => #{}, waiting => gb_trees:empty()}.

enter(Source, Item, Size, #{now := Now, number := Number, sources := Sources, waiting := Waiting} = Line) ->
    {Last, Count} = maps:get(Source, Sources, {Now, 0}),
    Turn = max(Now, Last) + max(?LEAST_BYTES, Size),
    Line#{number := Number + 1, sources := Sources#{Source => {Turn, Count + 1}},
          waiting := gb_trees:insert({Turn, Number}, {Source, Item}, Waiting)}.

leave(#{sources := Sources, waiting := Waiting} = Line) ->
    {{Turn, _Number}, {Source, Item}, Left} = gb_trees:take_smallest(Waiting),
    Others = case Sources of
        #{Source := {_, 1}} -> maps:remove(Source, Sources);
        #{Source := {Last, Count}} -> Sources#{Source := {Last, Count - 1}}
    end,
    {Item, Line#{now := Turn, sources := Others, waiting := Left}}.

patience(#{waiting := Waiting}) ->
    case gb_trees:is_empty(Waiting) of
        true -> infinity;
        false -> 0
    end.

is_wanted(always) -> true;
is_wanted({passed_on, Pid}) -> is_wanted({Pid, infinity});
is_wanted({Pid, Until}) -> is_in_time(Until) andalso (node(Pid) =/= node() orelse is_process_alive(Pid)).

%% Also infinity, which is more than any number.
is_in_time(Until) -> erlang:monotonic_time(millisecond) < Until.
