%% The scripted server refuses what a node refuses: every bad vector, and more of their kinds.
-module(llama_node_fake_tests).
-define(EUNIT_NOAUTO, true).
-include_lib("eunit/include/eunit.hrl").
-export([bad_vectors_test_/0, good_vectors_test_/0, similar_test_/0, every_key_test/0, start_keys_test/0,
         start_options_test_/0, servers_test_/0, json_test_/0]).

%% Jackson and the parser here say in different words where a JSON text breaks.
-define(JSON, "^(.* is not valid JSON): .*$").

-spec bad_vectors_test_() -> [term()].
bad_vectors_test_() ->
    Table = llama_node_check:table(),
    [{Name, fun () -> ?assertEqual(without_json(Expect), without_json(outcome(Table, Term))) end}
     || File <- ["bad_chat", "bad_generation", "bad_requests", "bad_similar"],
        #{"name" := Name, "expect" := Expect, "etf" := Etf} <- vectors_tests:read(File),
        Term <- [binary_to_term(base64:decode(Etf))]].

-spec good_vectors_test_() -> [term()].
good_vectors_test_() ->
    Table = llama_node_check:table(),
    [{Name, fun () -> ?assertEqual(ok, llama_node_check:request(Table, binary_to_term(base64:decode(Etf)))) end}
     || File <- ["requests", "generation", "chat"], #{"name" := Name, "etf" := Etf} <- vectors_tests:read(File)].

outcome(Table, Term) ->
    case llama_node_check:request(Table, Term) of
        {error, {Code, Message}} -> unicode:characters_to_list([atom_to_list(Code), ": ", Message]);
        ok -> "ok"
    end.

without_json(Text) ->
    re:replace(Text, ?JSON, "\\1", [unicode, {return, list}]).

%% Inputs that no vector has, through the server as an application calls it: code and start of the message.
-spec similar_test_() -> term().
similar_test_() ->
    {setup, fun () -> {ok, Server} = llama_node:init_server(#{transport => fake}), Server end,
     fun llama_node:destroy_server/1,
     fun (Server) ->
         {ok, Session} = llama_node:create_session(Server, #{}),
         Chat = fun (Options) -> llama_node:chat(Server, <<"Hi">>, Options) end,
         Complete = fun (Options) -> llama_node:complete(Server, <<"Hi">>, Options) end,
         [{unicode:characters_to_list(Start), fun () -> refused(Code, Start, Call) end} || {Code, Start, Call} <- [
             {invalid_argument, <<"min_p must be a number from 0 to 1, not 2">>, fun () -> Chat(#{min_p => 2}) end},
             {invalid_argument, <<"n_keep must be an integer from -1">>, fun () -> Complete(#{n_keep => 1.0}) end},
             {invalid_argument, <<"xtc_threshold must be a number">>,
              fun () -> Complete([{xtc_threshold, <<"0.1">>}]) end},
             {invalid_argument, <<"unknown option 'max_token' (did you mean 'max_tokens'?)">>,
              fun () -> Chat(#{<<"max_token">> => 5}) end},
             {invalid_argument, <<"temperature is given twice">>,
              fun () -> Chat(#{temperature => 1, <<"temperature">> => 1}) end},
             {invalid_argument, <<"messages[1].tool_call_id must be text">>,
              fun () ->
                  Messages = [#{role => user, content => a}, #{role => tool, content => a, tool_call_id => 5}],
                  llama_node:chat(Server, Messages, #{})
              end},
             {invalid_argument, <<"messages[0].content[1].text is required">>,
              fun () ->
                  Message = [{role, user}, {content, [#{type => text, text => a}, #{type => text}]}],
                  llama_node:chat(Server, [Message], #{})
              end},
             {unsupported, <<"messages[0].content[0].type: content parts of type \"input_audio\"">>,
              fun () -> llama_node:chat(Server, [#{role => user, content => [#{type => input_audio}]}], #{}) end},
             {invalid_argument, <<"tools[1].function.strict must be true or false">>,
              fun () -> Chat(#{tools => [#{name => f}, #{function => #{name => g, strict => 1}}]}) end},
             {invalid_argument, <<"unknown option 'sistem_prompt' (did you mean 'system_prompt'?)">>,
              fun () -> llama_node:create_session(Server, #{sistem_prompt => <<"x">>}) end},
             {invalid_argument, <<"config is not valid JSON">>,
              fun () -> llama_node:create_session(Server, <<"{">>) end},
             {invalid_argument, <<"n_parallel must be an integer from 1 to 64, not 65">>,
              fun () -> llama_node:load_model(Server, "a.gguf", #{n_parallel => 65}) end},
             {invalid_argument, <<"unknown option 'scale'">>,
              fun () -> llama_node:load_adapter(Server, "a.gguf", #{scale => 1}) end},
             {invalid_argument, <<"type must be chat, completion, embedding, infill or rerank, not chatt">>,
              fun () -> llama_node:create_task(Server, Session, chatt, #{content => <<"x">>}) end},
             {invalid_argument, <<"session_id must be an integer">>,
              fun () -> llama_node:create_task(Server, <<"1">>, chat, #{content => <<"x">>}) end},
             {invalid_argument, <<"input_extra[0].text is required">>,
              fun () -> llama_node:create_task(Server, Session, infill,
                                               #{input_prefix => a, input_suffix => b, input_extra => [#{}]}) end},
             {invalid_argument, <<"coalesce_ms must be an integer from 0 to 60000">>,
              fun () -> llama_node:stream(Server, Session, chat, #{content => <<"x">>, coalesce_ms => 60001}) end},
             {invalid_argument, <<"active must be an integer from 1 to 2147483647, not -1">>,
              fun () -> llama_node:active(Server, 1, -1) end},
             {invalid_argument, <<"unknown option 'temperature'">>,
              fun () -> llama_node:embed(Server, <<"x">>, #{temperature => 1}) end},
             {invalid_argument, <<"pooling must be cls, last, mean or none">>,
              fun () -> llama_node:embed(Server, <<"x">>, #{pooling => median}) end},
             {invalid_argument, <<"top_n must be an integer from 0">>,
              fun () -> llama_node:rerank(Server, <<"x">>, [<<"y">>], #{top_n => -1}) end},
             {invalid_argument, <<"documents[0] must be text">>,
              fun () -> llama_node:rerank(Server, <<"x">>, [#{}], #{}) end},
             {invalid_argument, <<"parse_special must be true or false">>,
              fun () -> llama_node:tokenize(Server, #{content => <<"x">>, parse_special => yes}) end},
             {invalid_argument, <<"tokens[0] must be a token id">>, fun () -> llama_node:detokenize(Server, [-1]) end},
             {invalid_argument, <<"what must be all or all_but_system_prompt">>,
              fun () -> llama_node:clear_cache(Server, Session, none) end},
             {invalid_argument, <<"checkpoint must be start or an integer">>,
              fun () -> llama_node:rewind_session(Server, Session, first) end},
             {invalid_argument, <<"the request is nested deeper than 64">>,
              fun () ->
                  Deep = lists:foldl(fun (_, Inner) -> [Inner] end, x, lists:seq(1, 70)),
                  Chat(#{chat_template_kwargs => #{a => Deep}})
              end}]]
     end}.

refused(Code, Start, Call) ->
    {error, {Code, Message}} = Call(),
    ?assertMatch({0, _}, binary:match(Message, Start)).

%% Every key of every object that a request brings is refused by name when it holds what no type takes.
-spec every_key_test() -> ok.
every_key_test() ->
    #{<<"objects">> := Objects} = Table = llama_node_check:table(),
    Base = #{<<"completion">> => #{prompt => x}, <<"chat">> => #{content => x}, <<"session">> => #{}, <<"load">> => #{},
             <<"embedding">> => #{input => x}, <<"rerank">> => #{query => x, documents => [x]},
             <<"infill">> => #{input_prefix => x, input_suffix => x}, <<"tokenize">> => #{content => x}},
    lists:foreach(
        fun ({Object, Key}) ->
            Input = (maps:remove(binary_to_atom(Key), map_get(Object, Base)))#{Key => {odd, one, out}},
            Request = case Object of
                <<"session">> -> {create_session, Input};
                <<"load">> -> {load_model, <<"a">>, Input};
                <<"tokenize">> -> {tokenize, Input};
                <<"chat">> when Key =:= <<"prompt">> -> {run, Object, maps:remove(content, Input)};
                Task -> {run, Task, Input}
            end,
            {error, {invalid_argument, Message}} = llama_node_check:request(Table, Request),
            ?assertMatch({Key, {_, _}}, {Key, binary:match(Message, Key)})
        end,
        [{Object, Key} || Object <- maps:keys(Base), Key <- keys(map_get(Object, Objects), Objects),
                          not lists:member({Object, Key},
                                           [{<<"chat">>, <<"messages">>}, {<<"chat">>, <<"tool_results">>}])]).

keys(Rows, Objects) ->
    lists:append([case Row of
        #{<<"include">> := Other} -> keys(map_get(Other, Objects), Objects);
        #{<<"when">> := _, <<"rows">> := More} -> keys(More, Objects);
        #{<<"keys">> := Keys} -> Keys;
        #{<<"key">> := Key, <<"type">> := _} -> [Key];
        _ -> []
    end || Row <- Rows]).

%% What is meant for the node is in the table, or the fake server would refuse it.
-spec start_keys_test() -> ok.
start_keys_test() ->
    #{<<"objects">> := #{<<"model">> := Model, <<"start">> := Start} = Objects} = llama_node_check:table(),
    All = llama_node_option_table:all(),
    Meant = fun (Part) -> [atom_to_binary(Key) || #{key := Key, part := Of} <- All, Of =:= Part] end,
    ?assertEqual([], Meant(model) -- keys(Model, Objects)),
    ?assertEqual([], Meant(node) -- keys(Start, Objects)),
    ok.

%% The options of a start reach the node as they are here, so they have the ranges of the table.
-spec start_options_test_() -> [term()].
start_options_test_() ->
    #{<<"objects">> := #{<<"model">> := Model, <<"start">> := Start}} = llama_node_check:table(),
    [{binary_to_list(Key), fun () ->
        Option = binary_to_existing_atom(Key),
        Options = #{transport => fake, model => <<"a.gguf">>},
        {ok, Server} = llama_node:init_server(Options#{Option => Min}),
        ok = llama_node:destroy_server(Server),
        [begin
             {error, {invalid_argument, Message}} = llama_node:init_server(Options#{Option => Bad}),
             ?assertMatch({_, _}, binary:match(Message, Key))
         end || Bad <- [Min - 1, Max + 1, 1.5, <<"1">>]]
     end} || #{<<"key">> := Key, <<"type">> := <<"integer">>, <<"min">> := Min, <<"max">> := Max} <- Model ++ Start].

%% What is said of models that servers run is refused as a node refuses it: frames_in.vectors has the node's answers.
-spec servers_test_() -> [term()].
servers_test_() ->
    Server = #{engine => llama_server, url => <<"http://127.0.0.1:8080">>},
    Why = ": is for models that the node loads itself; a server runs this one (engine llama_server)",
    [{Key, fun () ->
        {error, {invalid_argument, Message}} = llama_node:init_server(Options#{transport => fake}),
        ?assertEqual(iolist_to_binary([Key, Why]), Message)
     end} || {Key, Options} <- [{"n_gpu_layers", Server#{n_gpu_layers => 3}},
                                {"n_threads", #{models => [Server], n_threads => 1}},
                                {"use_mmap", #{models => [Server#{use_mmap => true}]}}]]
    ++ [{lists:flatten(io_lib:format("~0p", [maps:keys(Options)])), fun () ->
        {ok, Pid} = llama_node:init_server(Options#{transport => fake}),
        ok = llama_node:load_model(Pid, <<>>, Server#{fallback => other}),
        ok = llama_node:destroy_server(Pid)
     end} || Options <- [Server, Server#{model => <<"tiny">>, n_ctx => 512, n_parallel => 2},
                         #{models => [Server, #{path => <<"a.gguf">>}], n_threads => 1}]].

-spec json_test_() -> [term()].
json_test_() ->
    [{binary_to_list(Text), fun () -> ?assertEqual(Tree, llama_node_json:decode(Text)) end} || {Text, Tree} <- [
        {<<" {\"a\" : [1, -2.5e3, 1E3, true, false, null]} ">>,
         {ok, {object, [{<<"a">>, {array, [1, -2500.0, 1000.0, true, false, null]}}]}}},
        {<<"\"\\u00e9\\ud83d\\ude00\\n\\/\"">>, {ok, <<"é😀\n/"/utf8>>}},
        {<<"[[]]">>, {ok, {array, [{array, []}]}}}]]
    ++ [{binary_to_list(Text), fun () -> ?assertMatch({error, _, {1, _}}, llama_node_json:decode(Text)) end}
        || Text <- [<<"01">>, <<"1.">>, <<"-">>, <<"nul">>, <<"nulls">>, <<"[1,]">>, <<"{\"a\" 1}">>, <<"{a:1}">>,
                    <<"\"\t\"">>,
                    <<"\"\\x\"">>, <<"\"\\ud800x\"">>, <<"[1 2]">>, <<"\"">>, <<"1e999">>, <<"'a'">>]].
