%% @doc Rows of "Bounded": what files say. Made on the spot from the shipped model and its adapter, or sparse.
-module(llama_node_bench_rows_files).

-export([rows/0]).

-import(llama_node_bench_callers, [at_once/3, merge/1, scaled/2]).

-define(LOOKS, 30000).
-define(UINT32, 4).
-define(FLOAT32, 6).
-define(STRING, 8).
-define(ARRAY, 9).
-define(NAN, <<16#7fc00000:32/little>>).

%% @doc The rows.
-spec rows() -> [llama_node_bench_bounded:row()].
rows() ->
    [#{name => nan_adapter, what => "an adapter whose alpha is NaN", attack => fun nan_adapter/1},
     #{name => bad_headers, what => "models with an epsilon that is NaN or below 0, without layers, with a text twice",
       attack => fun bad_headers/1},
     #{name => sparse_texts, what => "inspect_model of 12 texts of 60 MB, 8 callers", attack => fun sparse_texts/1},
     #{name => sparse_arrays, what => "inspect_model of an array of 1,000,000,000 texts, 8 callers",
       attack => fun sparse_arrays/1},
     #{name => many_tokens, what => "load_model of 9,000,000 tokens", attack => fun many_tokens/1}].

nan_adapter(#{server := Server}) ->
    Path = changed("tiny-chat-lora.gguf", "nan-alpha.gguf", key("adapter.lora.alpha", ?FLOAT32), ?NAN),
    refused(at_once(4, infinity, fun (_) -> llama_node:load_adapter(Server, Path, #{id => nan}) end)).

bad_headers(#{server := Server}) ->
    Epsilon = key("llama.attention.layer_norm_rms_epsilon", ?FLOAT32),
    Paths = [changed("tiny-chat.gguf", "nan-epsilon.gguf", Epsilon, ?NAN),
             changed("tiny-chat.gguf", "negative-epsilon.gguf", Epsilon, <<-1.0:32/float-little>>),
             changed("tiny-chat.gguf", "no-layers.gguf", key("llama.block_count", ?UINT32), <<0:32/little>>),
             changed("tiny-chat.gguf", "a-text-twice.gguf", <<6:64/little, "<0x03>", 6:64/little, "<0x0">>, <<"3">>),
             changed("tiny-chat.gguf", "odd-norm.gguf", <<"output_norm.weight", 1:32/little, 128:64/little>>,
                     <<7:32/little>>)],
    refused(merge([at_once(1, infinity, fun (_) -> llama_node:load_model(Server, Path, #{id => bad}) end)
                   || Path <- Paths])).

%% A file of this kind that is taken is as bad as a node that dies of it.
refused(Answers) ->
    case maps:take({in_time, ok}, Answers) of
        {Count, Others} -> Others#{{in_time, {odd, taken}} => Count};
        error -> Answers
    end.

sparse_texts(#{server := Server} = Target) ->
    Size = scaled(60000000, Target),
    Path = sparse("texts.gguf", 13,
                  [text("general.architecture", <<"llama">>)
                   | [{[key("long." ++ integer_to_list(N), ?STRING), <<Size:64/little>>], Size}
                      || N <- lists:seq(1, 12)]]),
    inspect(Server, Path).

sparse_arrays(#{server := Server} = Target) ->
    Count = scaled(1000000000, Target),
    inspect(Server, sparse("arrays.gguf", 2, [text("general.architecture", <<"llama">>), texts("long.array", Count)])).

inspect(Server, Path) ->
    at_once(8, ?LOOKS, fun (_) -> llama_node:inspect_model(Server, Path) end).

many_tokens(#{server := Server} = Target) ->
    Path = sparse("tokens.gguf", 3,
                  [text("general.architecture", <<"llama">>), text("tokenizer.ggml.model", <<"llama">>),
                   texts("tokenizer.ggml.tokens", scaled(9000000, Target))]),
    refused(at_once(2, infinity, fun (_) -> llama_node:load_model(Server, Path, #{id => bad}) end)).

%% A file of the shipped ones with other bytes behind a place that it has once.
changed(From, Name, Place, Bytes) ->
    {ok, Content} = file:read_file(filename:join([os:getenv("BENCH_ROOT"), "priv", "models", From])),
    [{At, Length}] = binary:matches(Content, Place),
    Behind = At + Length + byte_size(Bytes),
    Path = path(Name),
    ok = file:write_file(Path, [binary:part(Content, 0, At + Length), Bytes,
                                binary:part(Content, Behind, byte_size(Content) - Behind)]),
    Path.

path(Name) -> filename:join(os:getenv("BENCH_WORK"), Name).

%% A header that claims so many values; each is what is written and how many zeros follow, which take no room on a disk.
sparse(Name, Count, Values) ->
    Path = path(Name),
    {ok, File} = file:open(Path, [write, raw, binary]),
    ok = file:write(File, <<"GGUF", 3:32/little, 0:64, Count:64/little>>),
    lists:foreach(fun ({Head, Zeros}) ->
        ok = file:write(File, Head),
        {ok, _} = file:position(File, {cur, Zeros})
    end, Values),
    ok = file:truncate(File),
    ok = file:close(File),
    Path.

key(Name, Type) ->
    <<(length(Name)):64/little, (list_to_binary(Name))/binary, Type:32/little>>.

text(Name, Text) ->
    {[key(Name, ?STRING), <<(byte_size(Text)):64/little>>, Text], 0}.

%% Empty ones, so that a text is eight zeros.
texts(Name, Count) ->
    {[key(Name, ?ARRAY), <<?STRING:32/little, Count:64/little>>], 8 * Count}.
