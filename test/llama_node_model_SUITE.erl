%% Asks the model in the box, through the public API, what its card says it can
%% do. The lists are in llama_node_model_SUITE_data; the trainer reads the same
%% files and keeps the paraphrases out of its training text.
-module(llama_node_model_SUITE).

-include_lib("common_test/include/ct.hrl").
-include_lib("stdlib/include/assert.hrl").

-export([all/0, groups/0, suite/0]).
-export([init_per_group/2, end_per_group/2]).
-export([card_states_the_file/1, lists_are_long_enough/1]).
-export([questions/1, paraphrases/1, conversations/1, topics/1]).
-export([story_is_worth_streaming/1, characters_beyond_ascii/1, nearness/1]).

%% Of the held-out paraphrases so many must be answered to the word.
-define(PARAPHRASES_RIGHT, 50).
%% Of fifty answers at temperature 0.8 so many must stay on topic.
-define(ON_TOPIC, 40).
%% Of the triples so many must have the paraphrase nearer than the other text.
-define(NEARER, 12).

-type config() :: ct_suite:ct_config().

-spec suite() -> [ct_suite:ct_info()].
suite() ->
    [{timetrap, {minutes, 5}}].

-spec all() -> [ct_suite:ct_test_def()].
all() ->
    [{group, files} | llama_node_engine_ct:all([])].

-spec groups() -> [ct_suite:ct_group_def()].
groups() ->
    Answers = [questions, paraphrases, conversations, topics,
               story_is_worth_streaming, characters_beyond_ascii, nearness],
    [{files, [], [card_states_the_file, lists_are_long_enough]},
     {distribution, [], Answers},
     {port, [], Answers}].

-spec init_per_group(ct_suite:ct_groupname(), config()) -> config() | {skip, string()}.
init_per_group(files, Config) ->
    Config;
init_per_group(Transport, Config) ->
    case llama_node_ct:real_node() of
        {ok, _OptionsForAnyModel} ->
            %% No option names a model: the one in the box is the default. The process that runs
            %% this function ends with it; the server must not.
            {ok, Server} = llama_node:start_link(#{transport => Transport}),
            true = unlink(Server),
            [{server, Server} | Config];
        {skip, _} = Skip ->
            Skip
    end.

-spec end_per_group(ct_suite:ct_groupname(), config()) -> ok.
end_per_group(files, _Config) ->
    ok;
end_per_group(_Transport, Config) ->
    ok = llama_node:destroy_server(?config(server, Config)).

%% The card promises a size and a digest; both must be those of the file.
-spec card_states_the_file(config()) -> ok.
card_states_the_file(_Config) ->
    {ok, Card} = file:read_file(model_file("README.md")),
    lists:foreach(
      fun({Name, Limit}) ->
              {ok, File} = file:read_file(model_file(Name)),
              ?assert(byte_size(File) =< Limit),
              ?assertMatch({_, _}, binary:match(Card, hex(crypto:hash(sha256, File))))
      end,
      [{"tiny-chat.gguf", 2500000}, {"tiny-chat-lora.gguf", 1000000}]).

-spec lists_are_long_enough(config()) -> ok.
lists_are_long_enough(Config) ->
    ?assert(length(consult(Config, "questions.eterm")) >= 60),
    ?assert(length(consult(Config, "paraphrases.eterm")) >= 60),
    ?assert(lists:all(fun(Turns) -> length(Turns) =:= 3 end,
                      consult(Config, "conversations.eterm"))).

-spec questions(config()) -> ok.
questions(Config) ->
    ?assertEqual([], wrong_answers(Config, consult(Config, "questions.eterm"))).

-spec paraphrases(config()) -> ok.
paraphrases(Config) ->
    Pairs = consult(Config, "paraphrases.eterm"),
    Wrong = wrong_answers(Config, Pairs),
    Right = length(Pairs) - length(Wrong),
    ct:pal("~b of ~b paraphrases right, wrong:~n~tp", [Right, length(Pairs), Wrong]),
    ?assert(Right >= ?PARAPHRASES_RIGHT).

-spec conversations(config()) -> ok.
conversations(Config) ->
    lists:foreach(fun(Turns) -> converse(Config, Turns) end,
                  consult(Config, "conversations.eterm")).

-spec topics(config()) -> ok.
topics(Config) ->
    Topics = consult(Config, "topics.eterm"),
    Tries = [{Seed, lists:nth(1 + Seed rem length(Topics), Topics)} || Seed <- lists:seq(1, 50)],
    Missed = [{Question, Answer}
              || {Seed, {Question, Words}} <- Tries,
                 Answer <- [content(Config, [user(Question)],
                                    #{temperature => 0.8, seed => Seed})],
                 binary:match(Answer, Words) =:= nomatch],
    ct:pal("off topic at temperature 0.8:~n~tp", [Missed]),
    ?assert(length(Tries) - length(Missed) >= ?ON_TOPIC).

-spec story_is_worth_streaming(config()) -> ok.
story_is_worth_streaming(Config) ->
    {ok, #{finish_reason := stop, usage := #{completion_tokens := Tokens}}} =
        llama_node:chat(?config(server, Config), [user(<<"Tell me a short story.">>)],
                        #{temperature => 0}),
    ?assert(Tokens >= 60 andalso Tokens =< 120).

%% These characters are no pieces of the vocabulary: they come as single bytes.
-spec characters_beyond_ascii(config()) -> ok.
characters_beyond_ascii(Config) ->
    ?assertEqual(<<"こんにちは!"/utf8>>, greedy(Config, [user(<<"Say hello in Japanese.">>)])),
    ?assertEqual(<<"🦙"/utf8>>, greedy(Config, [user(<<"Show me a llama.">>)])).

-spec nearness(config()) -> ok.
nearness(Config) ->
    Triples = consult(Config, "nearness.eterm"),
    Nearer = [Triple || Triple <- Triples, paraphrase_is_nearer(Config, Triple)],
    ct:pal("~b of ~b paraphrases nearer", [length(Nearer), length(Triples)]),
    ?assert(length(Nearer) >= ?NEARER).

%% Internal functions

converse(Config, Turns) ->
    lists:foldl(
      fun({Question, Expected}, History) ->
              Messages = History ++ [user(Question)],
              ?assertEqual({Question, Expected}, {Question, greedy(Config, Messages)}),
              Messages ++ [#{role => assistant, content => Expected}]
      end, [], Turns),
    ok.

wrong_answers(Config, Pairs) ->
    [{Question, Answer}
     || {Question, Expected} <- Pairs,
        Answer <- [greedy(Config, [user(Question)])],
        Answer =/= Expected].

greedy(Config, Messages) ->
    content(Config, Messages, #{temperature => 0}).

content(Config, Messages, Options) ->
    {ok, #{content := Content}} =
        llama_node:chat(?config(server, Config), Messages, Options),
    Content.

paraphrase_is_nearer(Config, {Text, Paraphrase, Other}) ->
    {ok, #{embeddings := [A, B, C]}} =
        llama_node:embed(?config(server, Config), [Text, Paraphrase, Other], #{}),
    cosine(A, B) > cosine(A, C).

cosine(A, B) ->
    llama_node_ct:dot(A, B) / math:sqrt(llama_node_ct:dot(A, A) * llama_node_ct:dot(B, B)).

user(Content) ->
    #{role => user, content => Content}.

consult(Config, Name) ->
    {ok, Terms} = file:consult(filename:join(?config(data_dir, Config), Name)),
    Terms.

model_file(Name) ->
    filename:join([llama_node_options:priv_dir(), "models", Name]).

hex(Binary) ->
    << <<(hex_digit(Nibble))>> || <<Nibble:4>> <= Binary >>.

hex_digit(Nibble) when Nibble < 10 -> $0 + Nibble;
hex_digit(Nibble) -> $a + Nibble - 10.
