%% The launcher's cache of loaded classes: used, stale and broken.
-module(llama_node_start_SUITE).
-compile([export_all, nowarn_export_all]).

-include_lib("stdlib/include/assert.hrl").

suite() -> [{timetrap, {minutes, 3}}].

all() ->
    [uses_the_cache, ignores_a_stale_cache, starts_with_a_broken_cache, a_flight_recording_keeps_out_of_the_frames].

init_per_suite(Config) ->
    case {llama_node_ct:real_node(), filelib:is_regular(priv("llama-node.aot"))} of
        {{skip, _} = Skip, _} -> Skip;
        {_, false} -> {skip, "there is no priv/llama-node.aot (make compile)"};
        {{ok, Options}, true} -> [{options, Options} | Config]
    end.

end_per_suite(_) ->
    ok.

%% A launcher of its own, with the jar and whatever is to be its cache.
init_per_testcase(_, Config) ->
    Home = filename:join(proplists:get_value(priv_dir, Config), integer_to_list(erlang:unique_integer([positive]))),
    Bin = filename:join(Home, "bin"),
    ok = filelib:ensure_path(Bin),
    [begin
         {ok, _} = file:copy(priv(["bin/", Program]), filename:join(Bin, Program)),
         ok = file:change_mode(filename:join(Bin, Program), 8#755)
     end || Program <- ["llama-node", "find-java"]],
    ok = file:make_symlink(priv("llama-node.jar"), filename:join(Home, "llama-node.jar")),
    [{home, Home} | Config].

end_per_testcase(_, _) ->
    ?assertEqual([], llama_node_ct:flush()).

uses_the_cache(Config) ->
    {ok, _} = file:copy(priv("llama-node.aot"), cache(Config)),
    ?assert(maps_the_cache(Config)).

ignores_a_stale_cache(Config) ->
    {ok, _} = file:copy(priv("llama-node.aot"), cache(Config)),
    ok = file:change_time(cache(Config), {{2001, 1, 1}, {0, 0, 0}}),
    ?assertNot(maps_the_cache(Config)).

starts_with_a_broken_cache(Config) ->
    {ok, Cache} = file:read_file(priv("llama-node.aot")),
    ok = file:write_file(cache(Config), binary:part(Cache, 0, byte_size(Cache) div 3)),
    ?assertNot(maps_the_cache(Config)),
    ok = file:write_file(cache(Config), <<"no cache">>),
    ?assertNot(maps_the_cache(Config)).

%% It tells on standard output that it has begun, unless it is told not to.
a_flight_recording_keeps_out_of_the_frames(Config) ->
    File = filename:join(proplists:get_value(home, Config), "node.jfr"),
    Java = "-XX:StartFlightRecording:filename=" ++ File,
    {ok, Server} =
        llama_node:init_server((proplists:get_value(options, Config))#{env => [{"LLAMA_NODE_JAVA_OPTS", Java}]}),
    {ok, #{content := _}} = llama_node:complete(Server, <<"Once">>, #{n_predict => 1}),
    ?assert(filelib:is_regular(File)),
    ok = llama_node:destroy_server(Server).

%% The node that the launcher starts answers, and whether it has the cache in its memory.
maps_the_cache(Config) ->
    Options = proplists:get_value(options, Config),
    Launcher = filename:join([proplists:get_value(home, Config), "bin", "llama-node"]),
    {ok, Server} = llama_node:init_server(Options#{launcher => Launcher}),
    {ok, #{content := _}} = llama_node:complete(Server, <<"Once">>, #{n_predict => 1}),
    {ok, Maps} = file:read_file(["/proc/", integer_to_list(llama_node_ct:os_pid(Server)), "/maps"]),
    ok = llama_node:destroy_server(Server),
    binary:match(Maps, <<"llama-node.aot">>) =/= nomatch.

cache(Config) ->
    filename:join(proplists:get_value(home, Config), "llama-node.aot").

priv(Name) ->
    filename:join(llama_node_options:priv_dir(), Name).
