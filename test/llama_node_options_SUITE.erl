-module(llama_node_options_SUITE).
-compile([export_all, nowarn_export_all]).

-include_lib("stdlib/include/assert.hrl").

%% A case that hangs must not hold up the others for half an hour.
suite() -> [{timetrap, {minutes, 3}}].

all() ->
    [defaults, model_keys_make_a_model, what_tasks_get_stands_beside_the_model, defaults_are_those_of_a_session,
     models_follow_the_model, default_model, texts_of_all_kinds, gpu_layers,
     proplists_work, what_is_not_given, keys_of_all_kinds,
     enumerations_are_texts, an_atom_is_a_local_name, near_names_are_suggested, environment, unknown_keys_are_named,
     wrong_types_are_named,
     distribution_and_port_exclude_each_other,
     nested_places_are_named, certificates_are_named, libraries_are_paths_or_names, secrets_stay_secret,
     secrets_may_be_funs, secrets_are_wrapped,
     child_specification, errors_have_the_numbers_of_the_protocol,
     error_messages_are_short, documentation_is_of_the_application].

defaults(_) ->
    {ok, Options} = llama_node_options:new(#{}),
    ?assertMatch(#{server := #{wait := true, start_timeout := 120000, stop_timeout := 5000, transport := auto},
                   env := [], config := Config} when Config =:= #{}, Options),
    ?assertEqual("llama-node", filename:basename(maps:get(launcher, Options))),
    ?assertEqual({ok, Options}, llama_node_options:new([])).

model_keys_make_a_model(_) ->
    Given = #{model => "/m/a.gguf", n_ctx => 512, n_parallel => 2, use_mmap => false, check_tensors => true,
              id => tiny},
    {ok, #{config := Config}} = llama_node_options:new(Given),
    ?assertEqual(#{models => [#{path => <<"/m/a.gguf">>, id => <<"tiny">>}], n_ctx => 512, n_parallel => 2,
                   use_mmap => false, check_tensors => true}, Config).

%% What tasks get that do not say is checked as in a session's configuration, wherever it stands.
what_tasks_get_stands_beside_the_model(_) ->
    Defaults = #{temperature => 0.7, max_tokens => 500, top_k => 3, mirostat => 2, stop => ["\n\n"],
                 system_prompt => <<"Be brief.">>, enable_thinking => false, chat_template_kwargs => #{a => 1}},
    {ok, #{config := Config}} = llama_node_options:new(Defaults#{models => []}),
    ?assertEqual(Defaults#{models => []}, Config),
    ?assertMatch({ok, #{config := #{models := [#{temperature := 0.7}]}}},
                 llama_node_options:new(#{models => [#{path => "/m", <<"temperature">> => 0.7}]})),
    [?assertEqual({error, {invalid_argument, Message}}, llama_node_options:new(Given))
     || {Message, Given} <- [
            {<<"temperature must be a number from 0 to 100, not 101">>, #{temperature => 101}},
            {<<"models[0]: top_p must be a number from 0 to 1, not 2">>, #{models => [#{path => "/m", top_p => 2}]}},
            {<<"n_predict and max_tokens are the same; give only one">>, #{n_predict => 1, max_tokens => 1}},
            {<<"temprature: unknown option (did you mean 'temperature'?)">>, #{temprature => 1}}]],
    ?assertEqual(#{temperature => 1}, llama_node_options:wrap(#{temperature => 1})).

%% The names of the type are those of the table that the node and the scripted server go by; two are options of a model
%% itself.
defaults_are_those_of_a_session(_) ->
    #{<<"objects">> := Objects} = llama_node_check:table(),
    Rows = lists:append([map_get(Object, Objects) || Object <- [<<"generation">>, <<"chat_options">>]]),
    Known = lists:append([case Row of
                              #{<<"needs">> := _} -> [];
                              #{<<"keys">> := Keys} -> Keys;
                              #{<<"key">> := Key} -> [Key];
                              _ -> []
                          end || Row <- Rows]),
    ?assertEqual(lists:sort([<<"system_prompt">> | Known -- [<<"chat_template">>, <<"share_prefixes">>]]),
                 lists:sort([atom_to_binary(Key) || #{key := Key} <- llama_node_defaults:options()])).

models_follow_the_model(_) ->
    {ok, #{config := #{models := Models}}} =
        llama_node_options:new(#{model => "/a", models => [#{path => "/b"}, [{path, "/c"}, {n_ctx, 8}]]}),
    ?assertEqual([#{path => <<"/a">>}, #{path => <<"/b">>}, #{path => <<"/c">>, n_ctx => 8}], Models).

default_model(Config) ->
    Priv = proplists:get_value(priv_dir, Config),
    Path = filename:join([Priv, "models", "tiny-chat.gguf"]),
    {ok, None} = llama_node_options:new(#{}),
    {ok, Keys} = llama_node_options:new(#{n_ctx => 64}),
    {ok, Empty} = llama_node_options:new(#{models => []}),
    ?assertMatch({#{config := #{models := []}}, none}, llama_node_options:default_model(None, Priv)),
    ok = filelib:ensure_dir(Path),
    ok = file:write_file(Path, <<"GGUF">>),
    Bin = unicode:characters_to_binary(Path),
    ?assertMatch({#{config := #{models := [#{path := Bin}]}}, {default, Path}},
                 llama_node_options:default_model(None, Priv)),
    ?assertMatch({#{config := #{models := [#{path := Bin}], n_ctx := 64}}, {default, Path}},
                 llama_node_options:default_model(Keys, Priv)),
    ?assertMatch({#{config := #{models := []}}, none}, llama_node_options:default_model(Empty, Priv)).

texts_of_all_kinds(_) ->
    [?assertMatch({ok, #{config := #{bind := <<"h">>}}}, llama_node_options:new(#{bind => Text}))
     || Text <- [h, "h", <<"h">>]],
    ?assertMatch({ok, #{config := #{models := [#{path := <<"/модель"/utf8>>}]}}},
                 llama_node_options:new(#{model => "/модель"})).

gpu_layers(_) ->
    [?assertMatch({ok, #{config := #{n_gpu_layers := Layers}}},
                  llama_node_options:new(#{model => "/m", n_gpu_layers => Layers}))
     || Layers <- [-1, 0, (1 bsl 31) - 1]].

proplists_work(_) ->
    ?assertMatch({ok, #{server := #{wait := true, start_timeout := 7}}},
                 llama_node_options:new([wait, {start_timeout, 7}, {start_timeout, 8}])).

what_is_not_given(_) ->
    Keys = [Key || #{key := Key} <- llama_node_option_table:all()],
    [?assertEqual(llama_node_options:new(#{}), llama_node_options:new(maps:from_keys(Keys, Absent)))
     || Absent <- [undefined, nil, null]],
    ?assertEqual(llama_node_options:new(#{models => [#{path => "/a"}]}),
                 llama_node_options:new(#{models => [#{path => "/a", n_ctx => nil, id => null}]})),
    ?assertMatch({ok, #{env := [{"B", "2"}]}}, llama_node_options:new(#{env => #{"A" => nil, "B" => "2"}})),
    ?assertEqual({ok, #{}}, llama_node_options:attach(#{cookie => nil, name => undefined})),
    refused(<<"tls.keyfile: is required">>, #{tls => #{certfile => "/c", keyfile => nil, cacertfile => "/a"}}).

keys_of_all_kinds(_) ->
    {ok, Expected} = llama_node_options:new(#{model => "/m", n_ctx => 512, wait => false}),
    [?assertEqual({ok, Expected}, llama_node_options:new(Given))
     || Given <- [#{<<"model">> => "/m", <<"n_ctx">> => 512, <<"wait">> => false},
                  #{"model" => "/m", "n_ctx" => 512, "wait" => false},
                  [{<<"model">>, "/m"}, {"n_ctx", 512}, {wait, false}, {<<"id">>, nil}]]],
    ?assertMatch({ok, #{config := #{models := [#{path := <<"/a">>, n_ctx := 8}]}}},
                 llama_node_options:new(#{<<"models">> => [#{<<"path">> => "/a", "n_ctx" => 8}]})),
    ?assertEqual({ok, #{cookie => <<"c">>}}, llama_node_options:attach(#{<<"cookie">> => c})),
    refused(<<"n_ctx: is given twice">>, #{n_ctx => 512, <<"n_ctx">> => 512}),
    refused(<<"n_ctx: is given twice">>, [{"n_ctx", 512}, {n_ctx, 8}]),
    refused(<<"no key">>, #{{a} => 1}).

enumerations_are_texts(_) ->
    [?assertMatch({ok, #{server := #{transport := port}, config := #{log_level := none}}},
                  llama_node_options:new(#{transport => Port, log_level => None}))
     || {Port, None} <- [{port, none}, {<<"port">>, <<"none">>}, {"port", "none"}]],
    [?assertMatch({ok, #{server := #{start_timeout := infinity}}}, llama_node_options:new(#{start_timeout => Infinity}))
     || Infinity <- [infinity, <<"infinity">>, "infinity"]].

an_atom_is_a_local_name(_) ->
    [?assertMatch({ok, #{server := #{name := {local, Name}}}}, llama_node_options:new(#{name => Given}))
     || {Name, Given} <- [{'Elixir.MyApp.Llama', 'Elixir.MyApp.Llama'}, {llm, llm}, {llm, {local, llm}}]],
    ?assertMatch(#{id := llm}, llama_node:child_spec(#{name => llm})).

near_names_are_suggested(_) ->
    [refused(unicode:characters_to_binary(["(did you mean '", Near, "'?)"]), Given)
     || {Near, Given} <- [{"model", #{modle => "x"}}, {"n_ctx", #{n_ctxt => 1}}, {"n_ctx", [{"nctx", 1}]},
                          {"path", #{models => [#{pth => "/a"}]}}, {"keyfile", #{tls => #{keyfle => "/a"}}},
                          {"cookie", #{<<"cooky">> => x}}, {"n_parallel", #{n_paralell => 1}}]],
    {error, {_, Far}} = llama_node_options:new(#{colour => 1}),
    ?assertEqual(<<"colour: unknown option">>, Far),
    {error, {_, Attach}} = llama_node_options:attach(#{cooky => x}),
    ?assertEqual(<<"cooky: unknown option (did you mean 'cookie'?)">>, Attach).

environment(_) ->
    {ok, #{env := Env}} = llama_node_options:new(#{java_home => "/jdk", java_opts => ["-Xmx1g", <<"-Da=b">>],
                                                   env => #{<<"A">> => b, c => false}}),
    ?assertEqual([{"A", "b"}, {"LLAMA_NODE_JAVA_HOME", "/jdk"}, {"LLAMA_NODE_JAVA_OPTS", "-Xmx1g -Da=b"},
                  {"c", false}], lists:sort(Env)),
    ?assertMatch({ok, #{env := [{"LLAMA_NODE_JAVA_OPTS", "-Xmx1g"}]}},
                 llama_node_options:new(#{java_opts => "-Xmx1g"})).

unknown_keys_are_named(_) ->
    refused(<<"modle: unknown option">>, #{modle => "x"}),
    refused(<<"unknown option">>, #{<<"modle">> => "x"}),
    refused(<<"n_predict">>, [{n_predicted, 3}]),
    refused(<<"id">>, #{id => a, models => []}),
    ?assertMatch({ok, #{config := #{n_ctx := 9, models := []}}}, llama_node_options:new(#{n_ctx => 9, models => []})).

wrong_types_are_named(_) ->
    Wrong = #{
        model => [7, <<"x">>, 1.5, {}, [a | b], <<255>>, "", <<>>, [16#d800]],
        n_ctx => [0, -1, 1.0, "512", 1 bsl 31],
        n_parallel => [0, 65], n_batch => [0, 65537], n_ubatch => [0], n_threads => [0, 1025],
        max_queue => [-1, 1000001], slot_tokens => [-1, 1 bsl 31], slot_ms => [-1, infinity],
        share_prefixes => [all, 1, <<"nodes">>], slot_prompt_similarity => [-0.1, 1.5, 2, "0.5", half],
        use_mmap => [1, yes], check_tensors => [1, yes], probe => [1, yes], n_gpu_layers => [all, -2, 1 bsl 31],
        log_level => [loud, <<"loud">>, true], result_ttl_ms => [-1, 1 bsl 32], max_sessions => [many],
        name => ["llm", true, {local, "llm"}, {local, undefined}, {via, "m", x}], wait => [maybe_so],
        start_timeout => [-1, 1 bsl 32, never], native_timeout => [0, 1 bsl 32, never],
        pulse_timeout => [0, infinity], pulse_interval => [0, -5, 1.5],
        restarts => [3, {3}, {-1, 5}, {1.0, 5}, {5, 0}, {5, infinity}, [5], {10001, 5}], restart_wait => [-1, never],
        stop_timeout => [infinity], progress => [self, fun () -> ok end], transport => [pigeon, <<"pigeon">>],
        java_opts => [[<<"-a">>, 3.5], 3], env => [3, [{a}], [{a, 3}], [{a, b} | c]],
        models => [#{}, [[] | x], <<"a">>], node_name => [3], host => [true], cookie => [{}],
        launcher => [3]},
    maps:foreach(
        fun (Key, Values) ->
            [case lists:member(Value, [<<"x">>]) of
                 true -> {ok, _} = llama_node_options:new(#{Key => Value});
                 false -> refused(atom_to_binary(Key), #{Key => Value})
             end || Value <- Values]
        end, Wrong),
    refused(<<"pulse_interval: must not be greater than pulse_timeout, 100">>,
            #{pulse_interval => 101, pulse_timeout => 100}),
    refused(<<"pulse_interval: must not be greater than the tick time">>, #{pulse_interval => 1 bsl 30}),
    [refused(<<"options">>, Given) || Given <- [7, a, <<"[]">>, [{a, 1} | b], [1], self()]].

certificates_are_named(_) ->
    Files = #{certfile => "/c.pem", keyfile => <<"/k.pem">>, cacertfile => '/ca.pem'},
    Checked = #{certfile => <<"/c.pem">>, keyfile => <<"/k.pem">>, cacertfile => <<"/ca.pem">>},
    ?assertMatch({ok, #{config := #{tls := Checked, llama_lib := <<"/l">>}}},
                 llama_node_options:new(#{tls => Files, llama_lib => "/l"})),
    Message = fun(Tls) ->
        {error, {invalid_argument, Text}} = llama_node_options:new(#{tls => Tls}),
        Text
    end,
    ?assertEqual(<<"tls.keyfile: is required">>, Message(maps:remove(keyfile, Files))),
    ?assertEqual(<<"tls.cafile: unknown option">>, Message(Files#{cafile => "/ca.pem"})),
    ?assertMatch(<<"tls: must be a map", _/binary>>, Message(certfile)).

libraries_are_paths_or_names(_) ->
    {ok, Cwd} = file:get_cwd(),
    [begin
         {ok, #{config := #{llama_lib := Checked}}} = llama_node_options:new(#{llama_lib => Given}),
         ?assertEqual(Expected, Checked)
     end || {Given, Expected} <- [{auto, <<"auto">>}, {system, <<"system">>}, {<<"embedded">>, <<"embedded">>},
                                  {"/l", <<"/l">>},
                                  {"lib", unicode:characters_to_binary(filename:join(Cwd, "lib"))}]].

distribution_and_port_exclude_each_other(_) ->
    Given = #{bind => "127.0.0.1", cookie => c, host => h, node_name => n},
    [refused(atom_to_binary(Key), #{Key => Value, transport => port}) || {Key, Value} <- maps:to_list(Given)],
    %% With `auto' they wait for the distribution, and are no part of what a node is told without it.
    {ok, Options} = llama_node_options:new(Given#{log_level => none}),
    ?assertEqual(#{transport => port, log_level => none},
                 llama_node_options:node_config(Options, #{transport => port})),
    ?assertMatch(#{bind := _, log_level := none, node_name := n},
                 llama_node_options:node_config(Options, #{node_name => n})).

nested_places_are_named(_) ->
    refused(<<"models[0].path: is required">>, #{models => [#{}]}),
    refused(<<"models[1].n_ctx: must be an integer">>, #{models => [#{path => "/a"}, #{path => "/b", n_ctx => 0}]}),
    refused(<<"models[0].ctx: unknown option">>, #{models => [#{path => "/a", ctx => 1}]}),
    refused(<<"models[0]: must be a map">>, #{models => [7]}).

secrets_stay_secret(_) ->
    {error, {invalid_argument, Message}} = llama_node_options:new(#{cookie => [hidden, <<"hidden">>]}),
    ?assertEqual(nomatch, string:find(Message, "hidden")),
    {ok, Options} = llama_node_options:new(#{cookie => hidden}),
    ?assertEqual(nomatch, string:find(io_lib:format("~p", [llama_node_options:redact(Options)]), "hidden")),
    ?assertEqual(nomatch, string:find(io_lib:format("~p", [llama_node_options:hide(Options)]), "hidden")),
    %% Whatever is wrong with them, or beside them.
    [begin
         {error, {invalid_argument, Text}} = llama_node_options:new(Given),
         ?assertEqual({nomatch, Given}, {string:find(Text, "hidden"), Given})
     end || Given <- [[{cookie, hidden} | hidden], [{cookie, hidden, hidden}],
                      [{cookie, hidden}, {<<"cookie">>, hidden}],
                      #{cookie => {hidden}}, #{cooky => hidden}, #{cookie => [[hidden]]},
                      #{cookie => fun () -> error(hidden) end}, #{cookie => fun () -> {hidden} end},
                      #{env => hidden}, #{env => [hidden]}, #{env => [{"A", hidden, x}]}, #{env => #{"A" => {hidden}}},
                      #{env => [{"A", "hidden"} | hidden]}, #{env => fun () -> exit(hidden) end},
                      #{env => #{"A" => fun () -> throw(hidden) end}},
                      #{java_opts => {hidden}}, #{java_opts => ["hidden" | hidden]}, #{java_opts => [a, {hidden}]},
                      #{cookie => hidden, transport => port}, #{cookie => hidden, n_ctx => 0}]].

secrets_may_be_funs(_) ->
    Given = #{cookie => fun () -> "c" end, java_opts => fun () -> ["-a", "-b"] end,
              env => #{"A" => fun () -> <<"1">> end, "B" => "2", "C" => false, "D" => fun () -> nil end}},
    {ok, #{cookie := <<"c">>, env := Env}} = llama_node_options:new(Given),
    ?assertEqual([{"A", "1"}, {"B", "2"}, {"C", false}, {"LLAMA_NODE_JAVA_OPTS", "-a -b"}], lists:sort(Env)),
    {ok, #{env := [{"A", "1"}]}} = llama_node_options:new(#{env => fun () -> [{"A", "1"}] end}),
    ?assertEqual({ok, #{}}, llama_node_options:attach(#{cookie => fun () -> undefined end})).

%% What is wrapped says what the plain one says.
secrets_are_wrapped(_) ->
    [begin
         Wrapped = llama_node_options:wrap(Given),
         ?assertEqual(nomatch, string:find(io_lib:format("~p", [Wrapped]), "hidden")),
         ?assertEqual(llama_node_options:new(Given), llama_node_options:new(Wrapped)),
         ?assertEqual(Wrapped, llama_node_options:wrap(Wrapped))
     end || Given <- [#{cookie => hidden, env => #{"A" => "hidden"}, java_opts => "-Dhidden"}, #{"cookie" => hidden},
                      [{<<"cookie">>, "hidden"}, wait, {env, [{a, hidden}, {b, false}]}, {java_opts, ["-Dhidden"]}],
                      #{cooky => hidden}, [{cookie, hidden, x}], [{cookie, hidden} | hidden], #{env => hidden},
                      #{env => [hidden]}, #{{cookie} => hidden}]],
    ?assertEqual(#{n_ctx => 8, name => llm}, llama_node_options:wrap(#{n_ctx => 8, name => llm})).

child_specification(_) ->
    ?assertMatch(#{id := llama_node, restart := permanent, shutdown := 15000, type := worker,
                   start := {llama_node, start_link, [#{}]}}, llama_node:child_spec(#{})),
    ?assertMatch(#{id := llm, shutdown := 10100}, llama_node:child_spec(#{name => {local, llm}, stop_timeout => 100})),
    ?assertMatch(#{id := {global, x}}, llama_node:child_spec(#{name => {global, x}})),
    %% Bad options are the start's to refuse, when the supervisor makes it.
    ?assertMatch(#{id := llama_node}, llama_node:child_spec(#{nonsense => 1})),
    ok = supervisor:check_childspecs([llama_node:child_spec(#{name => {local, llm}})]).

errors_have_the_numbers_of_the_protocol(_) ->
    Codes = [invalid_argument, out_of_memory, model_load_failed, inference_failed, session_not_found, server_busy,
             timeout, task_not_found, cancelled, unsupported, unauthorized, node_down,
             java_not_found, start_failed, unknown],
    ?assertEqual(lists:seq(1, 14) ++ [99], [llama_node_error:number(Code) || Code <- Codes]).

error_messages_are_short(_) ->
    Huge = maps:from_list([{N, binary:copy(<<"x">>, 1000)} || N <- lists:seq(1, 1000)]),
    {error, {invalid_argument, Message}} = llama_node_options:new(#{n_ctx => Huge}),
    ?assert(byte_size(Message) < 2000).

%% With the options that `rebar3 edoc' takes; they name the sources relative to the project.
documentation_is_of_the_application(Config) ->
    Root = llama_node_ct:root(),
    Dir = proplists:get_value(priv_dir, Config),
    {ok, Project} = file:consult(filename:join(Root, "rebar.config")),
    {edoc_opts, Given} = lists:keyfind(edoc_opts, 1, Project),
    {source_path, Paths} = lists:keyfind(source_path, 1, Given),
    Options = [{source_path, [filename:join(Root, Path) || Path <- Paths]}, {dir, Dir}
               | proplists:delete(dir, proplists:delete(source_path, Given))],
    ok = edoc:application(llama_node, Root, Options),
    Sources = filelib:wildcard(filename:join([Root, "erlang", "*.erl"])),
    Pages = [filename:rootname(filename:basename(Page))
             || Page <- filelib:wildcard(filename:join(Dir, "llama_node*.html"))],
    ?assertEqual(lists:sort([filename:basename(Source, ".erl") || Source <- Sources]), lists:sort(Pages)).

refused(Part, Given) ->
    case llama_node_options:new(Given) of
        {error, {invalid_argument, Message}} when is_binary(Message) ->
            ?assertNotEqual({nomatch, Message}, {string:find(Message, Part), Message});
        Other ->
            ct:fail({Given, Other})
    end.
