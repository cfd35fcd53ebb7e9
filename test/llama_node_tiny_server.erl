%% A server that keeps to llama-server's protocol, with a model that is none: a token of a prompt is a byte, and
%% an answer is made of words that depend on the prompt alone, or on the seed where the temperature is not 0.
-module(llama_node_tiny_server).

-export([start/1, stop/1, url/1, most_at_once/1, answers/1]).
-export_type([server/0]).

-import(llama_node_scripted_server, [json/2, status/3, begin_events/1, event/2, end_events/1]).

-opaque server() :: {llama_node_scripted_server:server(), Keeper :: pid(), atomics:atomics_ref()}.

%% Control tokens follow the bytes.
-define(CONTROL, [{256, <<"<|im_start|>">>}, {257, <<"<|im_end|>">>}]).

%% Greedy answers, and those of a seed.
-define(WORDS, {<<" llama">>, <<" sees">>, <<" the">>, <<" tall">>, <<" grass">>, <<" and">>, <<" goes">>, <<" home">>,
                <<".">>, <<" by">>, <<" night">>, <<",">>}).
%% Hot ones.
-define(SCRIPTS, {<<" é"/utf8>>, <<"日本"/utf8>>, <<"😀"/utf8>>, <<" ñandú"/utf8>>, <<" x">>, <<"語"/utf8>>}).

%% Starts one on a free port of the loopback: it has so many slots of so many tokens, and takes so many milliseconds for
%% a token of an answer.
-spec start(#{slots := pos_integer(), n_ctx := pos_integer(), delay := non_neg_integer()}) -> server().
start(#{slots := Slots} = Facts) ->
    Self = self(),
    Counts = atomics:new(3, []),
    Keeper = spawn(fun () ->
        Caches = ets:new(caches, [public]),
        _ = [ets:insert(Caches, {Slot, <<>>}) || Slot <- lists:seq(0, Slots - 1)],
        Self ! {self(), Caches},
        receive stop -> ok end
    end),
    Caches = receive {Keeper, Table} -> Table end,
    Given = Facts#{caches => Caches, counts => Counts},
    {llama_node_scripted_server:start(fun (Path, Body, Socket) -> answer(Path, Body, Socket, Given) end, forgets),
     Keeper, Counts}.

-spec stop(server()) -> ok.
stop({Scripted, Keeper, _}) ->
    Keeper ! stop,
    llama_node_scripted_server:stop(Scripted).

-spec url(server()) -> binary().
url({Scripted, _, _}) -> llama_node_scripted_server:url(Scripted).

%% How many answers it was making at once, at most.
-spec most_at_once(server()) -> non_neg_integer().
most_at_once({_, _, Counts}) -> atomics:get(Counts, 2).

%% How many answers it has begun.
-spec answers(server()) -> non_neg_integer().
answers({_, _, Counts}) -> atomics:get(Counts, 3).

answer(<<"/health">>, _, Socket, _) ->
    json(Socket, write(#{status => ok}));
answer(<<"/v1/models">>, _, Socket, _) ->
    {Parameters, Pieces} = llama_node_ct:sizes(),
    Meta = #{n_vocab => Pieces, n_params => Parameters, n_ctx_train => 2048, n_embd => 128, size => 1 bsl 20},
    json(Socket, write(#{object => list, data => [#{id => <<"tiny-chat">>, meta => Meta}]}));
answer(<<"/props">>, _, Socket, #{slots := Slots, n_ctx := Context}) ->
    json(Socket, write(#{default_generation_settings => #{n_ctx => Context}, total_slots => Slots,
                         build_info => <<"b1-tiny">>}));
answer(<<"/lora-adapters">>, _, Socket, _) ->
    json(Socket, "[]");
answer(<<"/tokenize">>, #{<<"content">> := Text} = Body, Socket, _) ->
    Tokens = tokens(Text, maps:get(<<"parse_special">>, Body, true)),
    json(Socket, case maps:get(<<"with_pieces">>, Body, false) of
        true -> write(#{tokens => [#{id => Token, piece => piece(Token)} || Token <- Tokens]});
        false -> ["{\"tokens\":[", lists:join(",", [integer_to_list(Token) || Token <- Tokens]), "]}"]
    end);
answer(<<"/detokenize">>, #{<<"tokens">> := Tokens}, Socket, _) ->
    json(Socket, write(#{content => case unicode:characters_to_binary(text(Tokens)) of
        Text when is_binary(Text) -> Text;
        _ -> <<"?">>
    end}));
answer(<<"/apply-template">>, #{<<"messages">> := Messages}, Socket, _) ->
    json(Socket, write(#{prompt => rendered(Messages)}));
answer(<<"/v1/chat/completions">>, #{<<"messages">> := Messages} = Body, Socket, Facts) ->
    generate(chat, rendered(Messages), Body, Socket, Facts);
answer(<<"/v1/completions">>, #{<<"prompt">> := Prompt} = Body, Socket, Facts) ->
    generate(completion, text(Prompt), Body, Socket, Facts);
answer(<<"/completion">>, #{<<"prompt">> := Prompt} = Body, Socket, Facts) ->
    generate(own, text(Prompt), Body, Socket, Facts);
answer(Path, _, Socket, _) when Path =:= <<"/infill">>; Path =:= <<"/v1/rerank">>; Path =:= <<"/v1/embeddings">> ->
    refuse(Socket, 501, not_supported_error, <<"This server does not support it.">>);
answer(_, _, Socket, _) ->
    refuse(Socket, 404, not_found_error, <<"File Not Found">>).

refuse(Socket, Status, Type, Message) ->
    status(Socket, Status, write(#{error => #{code => Status, type => Type, message => Message}})).

%% Tokens

tokens(Text, true) ->
    Controls = [Spelled || {_, Spelled} <- ?CONTROL],
    lists:append([case lists:keyfind(Part, 2, ?CONTROL) of
                      {Token, Part} -> [Token];
                      false -> binary_to_list(Part)
                  end || Part <- parts(Text, binary:matches(Text, Controls), 0)]);
tokens(Text, false) ->
    binary_to_list(Text).

parts(Text, [], From) ->
    [binary:part(Text, From, byte_size(Text) - From)];
parts(Text, [{At, Length} | More], From) ->
    [binary:part(Text, From, At - From), binary:part(Text, At, Length) | parts(Text, More, At + Length)].

%% As llama-server does: what is no text by itself is told in bytes.
piece(Token) when Token < 128; Token > 255 -> text([Token]);
piece(Byte) -> [Byte].

text(Text) when is_binary(Text) -> Text;
text(Tokens) -> iolist_to_binary([spelled(Token) || Token <- Tokens]).

spelled(Token) ->
    case lists:keyfind(Token, 1, ?CONTROL) of
        {_, Spelled} -> Spelled;
        false -> <<Token>>
    end.

rendered(Messages) ->
    Turns = [[<<"<|im_start|>">>, Role, "\n", maps:get(<<"content">>, Message, <<>>), <<"<|im_end|>\n">>]
             || #{<<"role">> := Role} = Message <- Messages],
    iolist_to_binary([Turns, <<"<|im_start|>assistant\n">>]).

%% Answers

generate(Form, Prompt, Body, Socket, #{n_ctx := Context}) when byte_size(Prompt) > Context, is_map(Body) ->
    _ = Form,
    refuse(Socket, 400, exceed_context_size_error,
           <<"the request exceeds the available context size, try increasing it">>);
generate(Form, Prompt, Body, Socket, #{counts := Counts, caches := Caches} = Facts) ->
    Running = atomics:add_get(Counts, 1, 1),
    ok = atomics:add(Counts, 3, 1),
    atomics:put(Counts, 2, max(Running, atomics:get(Counts, 2))),
    Slot = maps:get(<<"id_slot">>, Body, 0),
    Cached = case {ets:lookup(Caches, Slot), maps:get(<<"cache_prompt">>, Body, true)} of
        {[{_, Before}], true} -> min(binary:longest_common_prefix([Before, Prompt]), byte_size(Prompt) - 1);
        _ -> 0
    end,
    State = #{form => Form, socket => Socket, prompt => Prompt, cached => Cached, slot => Slot,
              most => most(Body), seed => maps:get(<<"seed">>, Body, 0),
              words => words(Form, Prompt, Body), length => length_of(Prompt, Body),
              stop => stops(maps:get(<<"stop">>, Body, [])), facts => Facts},
    _ = begin_events(Socket),
    _ = tokens_of_answer(State, 0, <<>>, <<>>),
    atomics:sub(Counts, 1, 1).

stops(Stop) when is_binary(Stop) -> [Stop];
stops(Stops) when is_list(Stops) -> Stops.

most(Body) ->
    case maps:get(<<"max_tokens">>, Body, maps:get(<<"n_predict">>, Body, -1)) of
        -1 -> infinity;
        Most -> Most
    end.

length_of(_, #{<<"ignore_eos">> := true}) -> infinity;
length_of(Prompt, _) -> 12 + erlang:phash2(Prompt, 8).

%% What its Nth token is.
words(Form, Prompt, Body) ->
    Heat = maps:get(<<"temperature">>, Body, 0.8),
    Source = case Heat == 0 of
        true -> Prompt;
        false -> {Prompt, maps:get(<<"seed">>, Body, 0)}
    end,
    Hash = erlang:phash2(Source),
    Words = case Heat >= 10 of true -> ?SCRIPTS; false -> ?WORDS end,
    fun (0) when Form =:= chat -> <<"A language,">>;
        (N) -> element(1 + erlang:phash2({Hash, N}, tuple_size(Words)), Words)
    end.

%% Text holds what was sent, Rest what may yet become a stop string.
tokens_of_answer(#{most := N} = State, N, Text, Rest) ->
    ended(State, N, limit, Text, Rest, none);
tokens_of_answer(#{length := N} = State, N, Text, Rest) ->
    %% The token that ends the answer counts.
    ended(State, N + 1, eos, Text, Rest, none);
tokens_of_answer(#{words := Words, stop := Stops, socket := Socket} = State, N, Text, Rest) ->
    New = <<Rest/binary, (Words(N))/binary>>,
    case first_stop(New, Stops) of
        {At, Stop} ->
            ended(State, N + 1, word, Text, binary:part(New, 0, At), Stop);
        none ->
            {Now, Later} = split_binary(New, byte_size(New) - may_begin(New, Stops)),
            _ = part(State, Now),
            case is_open(Socket, maps:get(delay, maps:get(facts, State))) of
                true -> tokens_of_answer(State, N + 1, kept(Text, Now), Later);
                false -> closed
            end
    end.

%% Nobody asks for the whole of an answer without end.
kept(Text, New) when byte_size(Text) < 10000 -> <<Text/binary, New/binary>>;
kept(Text, _) -> Text.

first_stop(Text, Stops) ->
    case lists:sort([{At, Stop} || Stop <- Stops, {At, _} <- [binary:match(Text, Stop)]]) of
        [First | _] -> First;
        [] -> none
    end.

%% Bytes at the end of a text that a stop string may begin with.
may_begin(Text, Stops) ->
    lists:max([0 | [Length || Stop <- Stops, Length <- lists:seq(1, min(byte_size(Stop) - 1, byte_size(Text))),
                              binary:part(Stop, 0, Length) =:= binary:part(Text, byte_size(Text), -Length)]]).

%% Whether the client is there yet after so many milliseconds.
is_open(Socket, Delay) ->
    inet:setopts(Socket, [{active, once}]) =:= ok andalso not closes_within(Socket, Delay)
        andalso inet:setopts(Socket, [{active, false}]) =:= ok andalso not closes_within(Socket, 0).

closes_within(Socket, Delay) ->
    receive
        {tcp_closed, Socket} -> true;
        {tcp_error, Socket, _} -> true
    after Delay -> false
    end.

part(_, <<>>) ->
    ok;
part(#{form := Form, socket := Socket}, Text) ->
    event(Socket, write(case Form of
        chat -> #{choices => [#{index => 0, delta => #{content => Text}, finish_reason => null}]};
        completion -> #{choices => [#{index => 0, text => Text, finish_reason => null}]};
        own -> #{content => Text, stop => false}
    end)).

ended(#{form := Form, socket := Socket, prompt := Prompt, slot := Slot, facts := #{caches := Caches}} = State,
      N, Why, Text, Rest, Stop) ->
    _ = part(State, Rest),
    _ = ets:insert(Caches, {Slot, <<Prompt/binary, Text/binary, Rest/binary>>}),
    _ = [event(Socket, write(Event)) || Event <- last(Form, State, N, Why, Stop)],
    _ = [event(Socket, "[DONE]") || Form =/= own],
    end_events(Socket).

last(own, #{prompt := Prompt, seed := Seed} = State, N, Why, Stop) ->
    [#{content => <<>>, stop => true, stop_type => Why, tokens_evaluated => byte_size(Prompt), tokens_predicted => N,
       stopping_word => case Stop of none -> <<>>; _ -> Stop end, truncated => false,
       generation_settings => #{seed => Seed}, timings => timings(State, N)}];
last(Form, #{prompt := Prompt, cached := Cached} = State, N, Why, _) ->
    Reason = case Why of limit -> length; _ -> stop end,
    Choice = case Form of chat -> #{delta => #{}}; completion -> #{text => <<>>} end,
    Usage = #{prompt_tokens => byte_size(Prompt), completion_tokens => N, total_tokens => byte_size(Prompt) + N,
              prompt_tokens_details => #{cached_tokens => Cached}},
    [#{choices => [Choice#{index => 0, finish_reason => Reason}]},
     #{choices => [], usage => Usage, timings => timings(State, N)}].

timings(#{prompt := Prompt, cached := Cached}, N) ->
    #{cache_n => Cached, prompt_n => byte_size(Prompt) - Cached, prompt_ms => 1.5, prompt_per_second => 1000.0,
      predicted_n => N, predicted_ms => 2.5, predicted_per_second => 1000.0}.

%% Lists of texts that might be taken for objects are none here.
write(Term) ->
    llama_node_json:encode(Term, fun (_, Other) -> error({no_json, Other}) end).
