%% @doc Vectors and scores of the scripted server: made of the words of a text, so that equal texts are equal, and
%% texts that share words are near each other. They are the same in every run.
%% @end
-module(llama_node_fake_vectors).

-export([embedding/2, ranking/1]).

%% What a hash of 16 bits is scaled by, to lie from -1 to 1.
-define(HALF, 32768).
-define(EUCLIDEAN, 2).
-define(INT16, 32760).

%% @doc What an embedding task of this checked input gives, as far as the vectors go.
-spec embedding(llama_node:input(), Dimensions :: pos_integer()) -> #{atom() => term()}.
embedding(Input, Dimensions) ->
    Field = fun (Key) -> llama_node_check:field(Key, Input) end,
    Pooling = case Field(<<"pooling">>) of undefined -> mean; Given -> binary_to_existing_atom(text(Given)) end,
    Norm = norm(Pooling, Field(<<"normalize">>), Field(<<"embd_normalize">>)),
    Encode = case text(Field(<<"encoding_format">>)) of
        <<"binary">> -> fun (Vector) -> << <<F:32/float-little>> || F <- Vector >> end;
        <<"base64">> -> fun (Vector) -> base64:encode(<< <<F:32/float-little>> || F <- Vector >>) end;
        _ -> fun (Vector) -> Vector end
    end,
    Named = case Field(<<"input">>) of undefined -> Field(<<"content">>); Text0 -> Text0 end,
    Texts = [words(Text) || Text <- texts(Named)],
    Vectors = case Pooling of
        none -> [[Encode(normalized(Norm, vector([Word], Dimensions))) || Word <- Words] || Words <- Texts];
        _ -> [Encode(normalized(Norm, vector(Words, Dimensions))) || Words <- Texts]
    end,
    #{embeddings => Vectors, dimensions => Dimensions, pooling => Pooling,
      prompt_tokens => lists:sum([length(Words) || Words <- Texts])}.

norm(_Pooling, true, _) -> ?EUCLIDEAN;
norm(_Pooling, false, _) -> -1;
norm(none, undefined, undefined) -> -1;
norm(_Pooling, undefined, undefined) -> ?EUCLIDEAN;
norm(_Pooling, undefined, Norm) -> Norm.

%% One text or several, each a text or token ids.
texts({tokens, _} = One) -> [One];
texts([First | _] = Several) when is_integer(First) ->
    %% One text, or the tokens of one; but a list of one-character texts is none of integers.
    [Several];
texts(Several) when is_list(Several) -> Several;
texts(One) -> [One].

words({tokens, Ids}) -> Ids;
words(Text) ->
    case is_list(Text) andalso not io_lib:printable_unicode_list(Text) of
        true -> Text;
        false ->
            case string:lexemes(string:lowercase(text(Text)), " \t\r\n.,;:!?\"'()") of
                [] -> [text(Text)];
                Words -> Words
            end
    end.

text(Text) when is_atom(Text) -> atom_to_binary(Text);
text(Text) -> unicode:characters_to_binary(Text).

vector(Words, Dimensions) ->
    [lists:sum([erlang:phash2({Word, Index}, 2 * ?HALF) / ?HALF - 1 || Word <- Words])
     || Index <- lists:seq(1, Dimensions)].

normalized(-1, Vector) -> Vector;
normalized(0, Vector) -> scaled(lists:max([abs(F) || F <- Vector]) / ?INT16, Vector);
normalized(?EUCLIDEAN, Vector) -> scaled(math:sqrt(lists:sum([F * F || F <- Vector])), Vector);
normalized(P, Vector) -> scaled(math:pow(lists:sum([math:pow(abs(F), P) || F <- Vector]), 1 / P), Vector).

scaled(Size, Vector) when Size == 0 -> Vector;
scaled(Size, Vector) -> [F / Size || F <- Vector].

%% @doc What a rerank task of this checked input gives, as far as the scores go: the part of the query's words that a
%% document has, as a number from -1 (none) to 1 (all).
-spec ranking(llama_node:input()) -> #{atom() => term()}.
ranking(Input) ->
    Field = fun (Key) -> llama_node_check:field(Key, Input) end,
    Query = lists:usort(words(text(Field(<<"query">>)))),
    Documents = [words(text(Document)) || Document <- Field(<<"documents">>)],
    Scores = [score(Query, Document) || Document <- Documents],
    %% Of equal ones the first comes first.
    Best = lists:sort(fun (#{score := A}, #{score := B}) -> A >= B end,
                      [#{index => Index, score => Score}
                       || {Index, Score} <- lists:zip(lists:seq(0, length(Scores) - 1), Scores)]),
    Listed = case Field(<<"top_n">>) of undefined -> length(Best); Most -> Most end,
    #{results => lists:sublist(Best, Listed), scores => Scores,
      prompt_tokens => lists:sum([length(Words) || Words <- [Query | Documents]])}.

score(Query, Document) ->
    Shared = [Word || Word <- Query, lists:member(Word, Document)],
    2 * length(Shared) / length(Query) - 1.0.
