%% Writes small models with random weights for the suites: BERT, with a rank head or without, on a
%% vocabulary of the shared data. The same arguments give the same bytes.
-module(llama_node_test_gguf).

-export([bert/3, llama/2, with_metadata/3]).

-define(WIDTH, 64).
-define(FF, 128).
-define(CONTEXT, 128).
-define(LAYERS, 2).

-type path() :: file:filename_all().

%% `Pooling' is that of llama.cpp's `enum llama_pooling_type'; with 4, RANK, there is a rank head.
-spec bert(path(), Vocabulary :: path(), Pooling :: 0..4) -> ok.
bert(File, Vocabulary, Pooling) ->
    {Tokens, Metadata} = vocabulary(Vocabulary),
    Keys = [text("general.architecture", "bert"), uint32("bert.block_count", ?LAYERS),
            uint32("bert.context_length", ?CONTEXT), uint32("bert.embedding_length", ?WIDTH),
            uint32("bert.feed_forward_length", ?FF), uint32("bert.attention.head_count", 4),
            float32("bert.attention.layer_norm_epsilon", 1.0e-12), bool("bert.attention.causal", false),
            uint32("bert.pooling_type", Pooling) | Metadata],
    Blocks = [bert_block(lists:concat(["blk.", I, "."])) || I <- lists:seq(0, ?LAYERS - 1)],
    Head = case Pooling of
        4 -> [linear("cls", ?WIDTH, ?WIDTH), linear("cls.output", ?WIDTH, 1)];
        _ -> []
    end,
    write(File, Keys, [matrix("token_embd.weight", ?WIDTH, Tokens), matrix("token_types.weight", ?WIDTH, 2),
                       matrix("position_embd.weight", ?WIDTH, ?CONTEXT), norm("token_embd_norm"), Blocks, Head]).

bert_block(Block) ->
    [[linear(Block ++ Name, ?WIDTH, ?WIDTH) || Name <- ["attn_q", "attn_k", "attn_v", "attn_output"]],
     norm(Block ++ "attn_output_norm"), linear(Block ++ "ffn_up", ?WIDTH, ?FF),
     linear(Block ++ "ffn_down", ?FF, ?WIDTH), norm(Block ++ "layer_output_norm")].

%% A generator on any vocabulary, with tokens 300, 301 and 302 for prefix, suffix and middle of an infill.
-spec llama(path(), Vocabulary :: path()) -> ok.
llama(File, Vocabulary) ->
    {Tokens, Metadata} = vocabulary(Vocabulary),
    Keys = [text("general.architecture", "llama"), uint32("llama.block_count", 1),
            uint32("llama.context_length", ?CONTEXT),
            uint32("llama.embedding_length", ?WIDTH), uint32("llama.feed_forward_length", ?FF),
            uint32("llama.attention.head_count", 4), float32("llama.attention.layer_norm_rms_epsilon", 1.0e-5)
            | [uint32(["tokenizer.ggml.fim_", Name, "_token_id"], Id)
               || {Name, Id} <- [{"pre", 300}, {"suf", 301}, {"mid", 302}]] ++ Metadata],
    write(File, Keys, [matrix("token_embd.weight", ?WIDTH, Tokens), ones("output_norm.weight"),
                       ones("blk.0.attn_norm.weight"), ones("blk.0.ffn_norm.weight"),
                       [matrix("blk.0." ++ Name ++ ".weight", ?WIDTH, ?WIDTH)
                        || Name <- ["attn_q", "attn_k", "attn_v", "attn_output"]],
                       matrix("blk.0.ffn_gate.weight", ?WIDTH, ?FF), matrix("blk.0.ffn_up.weight", ?WIDTH, ?FF),
                       matrix("blk.0.ffn_down.weight", ?FF, ?WIDTH)]).

%% A copy of a model whose file says more, or something else.
-spec with_metadata(path(), path(), [{float32 | uint32, Key :: string(), number()} | {text, string(), iodata()}]) -> ok.
with_metadata(From, To, More) ->
    {ok, <<"GGUF", 3:32/little, Tensors:64/little, Count:64/little, Rest/binary>> = All} = file:read_file(From),
    {Kept, Infos} = kept(Count, Rest, [list_to_binary(Key) || {_, Key, _} <- More], []),
    Behind = lists:foldl(
        fun (_, <<Size:64/little, _:Size/binary, Dims:32/little, _:Dims/binary-unit:64, _:96, Left/binary>>) ->
                Left
        end,
        Infos, lists:seq(1, Tensors)),
    End = byte_size(All) - byte_size(Behind),
    Entries = Kept ++ [entry(Entry) || Entry <- More],
    Header = iolist_to_binary(["GGUF", <<3:32/little, Tensors:64/little, (length(Entries)):64/little>>, Entries,
                               binary:part(Infos, 0, byte_size(Infos) - byte_size(Behind))]),
    ok = file:write_file(To, [pad(Header), binary:part(All, padded(End), byte_size(All) - padded(End))]).

%% Entries but for those of the given keys, and what stands behind all of them.
kept(0, Rest, _Without, Kept) ->
    {lists:reverse(Kept), Rest};
kept(Count, <<Size:64/little, Key:Size/binary, Type:32/little, Value/binary>> = All, Without, Kept) ->
    Rest = skip(Type, Value),
    Entry = binary:part(All, 0, byte_size(All) - byte_size(Rest)),
    case lists:member(Key, Without) of
        true -> kept(Count - 1, Rest, Without, Kept);
        false -> kept(Count - 1, Rest, Without, [Entry | Kept])
    end.

entry({float32, Key, Value}) -> float32(Key, Value);
entry({uint32, Key, Value}) -> uint32(Key, Value);
entry({text, Key, Value}) -> text(Key, Value).

%% Tensors

linear(Name, Columns, Rows) ->
    [matrix(Name ++ ".weight", Columns, Rows), vector(Name ++ ".bias", random(Name ++ ".bias", Rows, 0.1))].

norm(Name) ->
    [ones(Name ++ ".weight"), vector(Name ++ ".bias", random(Name, ?WIDTH, 0.1))].

matrix(Name, Columns, Rows) ->
    {Name, [Columns, Rows], random(Name, Columns * Rows, math:sqrt(3 / Columns))}.

ones(Name) ->
    vector(Name, binary:copy(<<1.0:32/float-little>>, ?WIDTH)).

vector(Name, Data) ->
    {Name, [byte_size(Data) div 4], Data}.

%% There are millions of them.
random(Seed, Count, Scale) ->
    {Bytes, _} = rand:bytes_s(2 * Count, rand:seed_s(exsss, erlang:phash2(Seed))),
    Step = Scale / 32768,
    << <<(Number * Step):32/float-little>> || <<Number:16/signed-little>> <= Bytes >>.

%% The format

write(File, Keys, Nested) ->
    Tensors = lists:flatten(Nested),
    {Infos, _} = lists:mapfoldl(
        fun ({Name, Dims, Data}, Offset) ->
            {[string(Name), <<(length(Dims)):32/little>>, [<<Dim:64/little>> || Dim <- Dims],
              <<0:32, Offset:64/little>>],
             padded(Offset + byte_size(Data))}
        end, 0, Tensors),
    Header =
        iolist_to_binary(["GGUF", <<3:32/little, (length(Tensors)):64/little, (length(Keys)):64/little>>, Keys, Infos]),
    ok = file:write_file(File, [pad(Header) | [pad(Data) || {_, _, Data} <- Tensors]]).

pad(Data) ->
    [Data, binary:copy(<<0>>, padded(byte_size(Data)) - byte_size(Data))].

padded(Size) -> (Size + 31) band bnot 31.

text(Key, Value) -> [string(Key), <<8:32/little>>, string(Value)].
uint32(Key, Value) -> [string(Key), <<4:32/little, Value:32/little>>].
float32(Key, Value) -> [string(Key), <<6:32/little, Value:32/float-little>>].
bool(Key, false) -> [string(Key), <<7:32/little, 0>>].

string(Text) ->
    Bytes = iolist_to_binary(Text),
    [<<(byte_size(Bytes)):64/little>>, Bytes].

%% The number of tokens of a vocabulary and the metadata of its tokenizer as they stand in the file.
vocabulary(File) ->
    {ok, <<"GGUF", 3:32/little, _:64, Count:64/little, Rest/binary>>} = file:read_file(File),
    keys(Count, Rest, 0, []).

keys(0, _, Tokens, Kept) ->
    {Tokens, lists:reverse(Kept)};
keys(Count, <<Size:64/little, Key:Size/binary, Type:32/little, Value/binary>> = All, Tokens, Kept) ->
    Rest = skip(Type, Value),
    Entry = binary:part(All, 0, byte_size(All) - byte_size(Rest)),
    case {Key, Value} of
        {<<"tokenizer.ggml.tokens">>, <<8:32/little, N:64/little, _/binary>>} ->
            keys(Count - 1, Rest, N, [Entry | Kept]);
        {<<"tokenizer.", _/binary>>, _} -> keys(Count - 1, Rest, Tokens, [Entry | Kept]);
        _ -> keys(Count - 1, Rest, Tokens, Kept)
    end.

skip(8, <<Size:64/little, _:Size/binary, Rest/binary>>) ->
    Rest;
skip(9, <<8:32/little, Count:64/little, Rest/binary>>) ->
    lists:foldl(fun (_, Left) -> skip(8, Left) end, Rest, lists:seq(1, Count));
skip(9, <<Type:32/little, Count:64/little, Rest/binary>>) ->
    Size = Count * width(Type),
    <<_:Size/binary, Left/binary>> = Rest,
    Left;
skip(Type, Value) ->
    Size = width(Type),
    <<_:Size/binary, Rest/binary>> = Value,
    Rest.

width(Type) when Type =:= 0; Type =:= 1; Type =:= 7 -> 1;
width(Type) when Type =:= 2; Type =:= 3 -> 2;
width(Type) when Type =:= 4; Type =:= 5; Type =:= 6 -> 4;
width(Type) when Type >= 10, Type =< 12 -> 8.
