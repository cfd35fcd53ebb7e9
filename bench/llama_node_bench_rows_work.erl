%% @doc Rows of "Bounded": work that a request makes, and places that an owner takes.
-module(llama_node_bench_rows_work).

-export([rows/0]).

-import(llama_node_bench_callers, [at_once/3, opening/1, replies/2, together/1, merge/1, scaled/2]).

-define(LOOKS, 30000).

%% @doc The rows. Plain messages and unknown casts reach a node over the distribution as they are; over the port the
%% server passes casts on.
-spec rows() -> [llama_node_bench_bounded:row()].
rows() ->
    [#{name => hash_integers, what => "calls with a map of 60,000 integers that share a hash",
       attack => fun (Target) -> keys(integers(scaled(60000, Target)), Target) end},
     #{name => hash_texts, what => "calls with a map of 60,000 texts of Aa and BB that share a hash",
       attack => fun (Target) -> keys(texts(scaled(60000, Target)), Target) end},
     #{name => casts, what => "500,000 casts of an unknown term by one process", attack => fun casts/1},
     #{name => plain_messages, what => "plain messages of 16 MB, floats and large integers",
       transports => [distribution], attack => fun plain_messages/1},
     #{name => deadlines, what => "chats with a deadline of 1 s beside 32 tokenizations of 1 MB",
       attack => fun deadlines/1},
     #{name => owner_dies, what => "the owner of 100,000 queued tasks dies",
       options => #{max_queue => 1000000, max_tasks => 1000000}, attack => fun owner_dies/1},
     #{name => greedy_owners, what => "4 owners with tasks that never end, a turn of 64 tokens each (slot_tokens)",
       options => #{slot_tokens => 64}, attack => fun greedy_owners/1},
     #{name => many_sessions, what => "one process wants 10,000 sessions, and ten others want one each",
       attack => fun many_sessions/1}].

keys(Map, #{server := Server, mailbox := Mailbox}) ->
    Self = self(),
    Ref = make_ref(),
    Mailbox ! {'$gen_call', {Self, {Ref, 1}}, {create_session, Map}},
    Mailbox ! {'$gen_call', {Self, {Ref, 2}}, {create_session, #{chat_template_kwargs => #{a => Map}}}},
    merge([replies(2, fun ({Tagged, _}) -> Tagged =:= Ref; (_) -> false end),
           opening(fun () -> llama_node:ping(Server) end)]).

%% Java's hash of a long is that of its halves, which cancel each other out.
integers(Count) ->
    maps:from_list([{(N bsl 32) bor N, 1} || N <- lists:seq(1, Count)]).

%% "Aa" and "BB" have one hash in Java, and so has every text put together from as many of them.
texts(Count) ->
    maps:from_list([{<< <<(case Bit of 0 -> <<"Aa">>; 1 -> <<"BB">> end)/binary>> || <<Bit:1>> <= <<N:16>> >>, 1}
                    || N <- lists:seq(1, Count)]).

casts(#{server := Server, mailbox := Mailbox} = Target) ->
    lists:foreach(fun (N) -> Mailbox ! {'$gen_cast', {flood, N}} end, lists:seq(1, scaled(500000, Target))),
    %% Behind them, from the same process.
    Ref = make_ref(),
    Mailbox ! {'$gen_call', {self(), Ref}, ping},
    merge([replies(1, fun (Tag) -> Tag =:= Ref end), opening(fun () -> llama_node:ping(Server) end)]).

plain_messages(#{server := Server, mailbox := Mailbox} = Target) ->
    Floats = lists:duplicate(scaled(1800000, Target), 1.5),
    Integers = lists:duplicate(8, 1 bsl (8 * scaled(2000000, Target))),
    lists:foreach(fun (Message) -> Mailbox ! Message end, [Floats, Integers, Floats, Integers]),
    opening(fun () -> llama_node:ping(Server) end).

deadlines(#{server := Server} = Target) ->
    Text = binary:copy(<<"once upon a time ">>, scaled(61000, Target)),
    Chat = #{n_predict => 16, ignore_eos => true, timeout => 1000},
    together([fun () -> at_once(32, ?LOOKS, fun (_) -> llama_node:count_tokens(Server, Text) end) end,
              fun () -> at_once(8, 1000, fun (_) -> llama_node:chat(Server, <<"Once">>, Chat) end) end]).

owner_dies(#{server := Server, mailbox := Mailbox} = Target) ->
    Self = self(),
    Count = scaled(100000, Target),
    Owner = spawn(fun () ->
        {ok, Session} = llama_node:create_session(Server, #{}),
        Ref = make_ref(),
        Create = {create_task, Session, completion, #{prompt => <<"a">>, n_predict => 1 bsl 30, ignore_eos => true}},
        lists:foreach(fun (N) -> Mailbox ! {'$gen_call', {self(), {Ref, N}}, Create} end, lists:seq(1, Count)),
        Self ! {self(), replies(Count, fun ({Tagged, _}) -> Tagged =:= Ref; (_) -> false end)},
        receive never -> ok end
    end),
    Answers = receive {Owner, Created} -> Created end,
    true = exit(Owner, kill),
    merge([Answers, opening(fun () -> nothing_waits(Server) end)]).

nothing_waits(Server) ->
    case llama_node:get_status(Server) of
        %% The bystander's own.
        {ok, #{tasks_waiting := Waiting}} when Waiting < 1000 -> ok;
        {ok, _} -> nothing_waits(Server);
        {error, _} = Error -> Error
    end.

greedy_owners(#{server := Server}) ->
    at_once(4, infinity, fun (_) ->
        {ok, Session} = llama_node:create_session(Server, #{}),
        {ok, Task} = llama_node:create_task(Server, Session, completion,
                                            #{prompt => <<"Once">>, max_tokens => 1 bsl 31 - 1, ignore_eos => true}),
        {error, {timeout, _}} = llama_node:get_result(Server, Task, 5000),
        llama_node:cancel_task(Server, Task)
    end).

many_sessions(#{server := Server} = Target) ->
    Opened = merge([opening(fun () -> llama_node:create_session(Server, #{}) end)
                    || _ <- lists:seq(1, scaled(10000, Target))]),
    Others = at_once(10, ?LOOKS, fun (_) -> llama_node:create_session(Server, #{}) end),
    case Others of
        #{{in_time, ok} := 10} -> merge([Opened, Others]);
        _ -> #{{in_time, {odd, Others}} => 1}
    end.
