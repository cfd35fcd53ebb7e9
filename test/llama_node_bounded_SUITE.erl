%% What was done to nodes to end them or to hold up their users: rows of bench/bounded, each once, on a node with an
%% eighth of the memory and with counts divided likewise. The node lives, a process beside it is always served, every
%% caller has an answer that is documented, and nothing is held afterwards. How long anything takes is for bench/bounded
%% to say. What llama_node_memory_SUITE does at this size is left to it.
-module(llama_node_bounded_SUITE).
-compile([export_all, nowarn_export_all]).

-include_lib("stdlib/include/assert.hrl").

-import(llama_node_ct, [server/1]).

-define(SCALE, 8).

suite() -> [{timetrap, {minutes, 3}}].

all() ->
    [every_row_has_a_test, {group, distribution}, {group, port}].

groups() ->
    Cases = [stop_texts, logit_bias, queued_kwargs, large_answers, logprobs, hash_integers, hash_texts, casts,
             deadlines, owner_dies, greedy_owners],
    Files = [nan_adapter, bad_headers, sparse_texts, sparse_arrays, many_tokens],
    [{distribution, [], Cases ++ [half_frames, unread_pings, many_names, plain_messages | Files]}, {port, [], Cases}].

init_per_suite(Config) ->
    Dir = filename:join(proplists:get_value(priv_dir, Config), "work"),
    ok = file:make_dir(Dir),
    true = os:putenv("BENCH_WORK", Dir),
    true = os:putenv("BENCH_ROOT", llama_node_ct:root()),
    Config.

end_per_suite(_) ->
    true = os:unsetenv("BENCH_WORK"),
    true = os:unsetenv("BENCH_ROOT"),
    ok.

%% Turns are short, for a bystander who waits for one says nothing here.
init_per_group(Transport, Config) ->
    llama_node_ct:start_over(Transport, #{java_opts => ["-Xmx64m"], n_ctx => 1024, n_parallel => 4, max_queue => 50000,
                                          slot_tokens => 64, result_ttl_ms => 1000, log_level => none}, Config).

end_per_group(Transport, Config) ->
    llama_node_ct:stop_over(Transport, Config).

end_per_testcase(every_row_has_a_test, _) ->
    ok;
end_per_testcase(_, Config) ->
    llama_node_ct:check_real(Config).

stop_texts(Config) -> row(stop_texts, [ok, server_busy], Config).
logit_bias(Config) -> row(logit_bias, [invalid_argument, ok, server_busy, out_of_memory], Config).
queued_kwargs(Config) -> row(queued_kwargs, [ok, server_busy, out_of_memory], Config).
large_answers(Config) -> row(large_answers, [ok, server_busy], Config).
logprobs(Config) -> row(logprobs, [ok], Config).
hash_integers(Config) -> row(hash_integers, [ok, invalid_argument], Config).
hash_texts(Config) -> row(hash_texts, [ok, invalid_argument], Config).
casts(Config) -> row(casts, [ok, server_busy], Config).
deadlines(Config) -> row(deadlines, [ok, timeout, server_busy], Config).
owner_dies(Config) -> row(owner_dies, [ok, server_busy], Config).
greedy_owners(Config) -> row(greedy_owners, [ok], Config).
half_frames(Config) -> row(half_frames, [ok], Config).
unread_pings(Config) -> row(unread_pings, [ok], Config).
many_names(Config) -> row(many_names, [ok, server_busy], Config).
plain_messages(Config) -> row(plain_messages, [ok], Config).
nan_adapter(Config) -> row(nan_adapter, [model_load_failed], Config).
bad_headers(Config) -> row(bad_headers, [model_load_failed], Config).
sparse_texts(Config) -> row(sparse_texts, [ok, model_load_failed], Config).
sparse_arrays(Config) -> row(sparse_arrays, [ok, model_load_failed], Config).
many_tokens(Config) -> row(many_tokens, [model_load_failed, out_of_memory], Config).

%% Those that have one elsewhere: llama_node_memory_SUITE, HostilePeerTest and Handshakes of the Java tests, and
%% llama_node_transports_SUITE and llama_node_failure_SUITE.
every_row_has_a_test(_) ->
    Memory = [probabilities, grammars, template_kwargs, tools, count_tokens, token_prompts, large_tags,
              waits, embeddings, many_sessions],
    Elsewhere = Memory ++ [silent, dripping, stopped, native_hangs],
    Here = lists:append([Cases || {_, [], Cases} <- groups()]),
    ?assertEqual([], [Name || #{name := Name} <- llama_node_bench_bounded:rows()] -- (Here ++ Elsewhere)).

%% The row in a process of its own, beside one that chats.
row(Name, Codes, Config) ->
    [Attack] = [Attack || #{name := Of, attack := Attack} <- llama_node_bench_bounded:rows(), Of =:= Name],
    Server = server(Config),
    OsPid = llama_node_ct:os_pid(Server),
    Target = #{server => Server, mailbox => proplists:get_value(mailbox, Config),
               node => proplists:get_value(node, Config), transport => proplists:get_value(transport, Config),
               os_pid => OsPid, scale => ?SCALE},
    {Bystander, Chats} = spawn_monitor(fun () -> exit({chats, chats(Server, 0)}) end),
    {_, Ref} = spawn_monitor(fun () -> exit({answers, Attack(Target)}) end),
    Answers = receive {'DOWN', Ref, process, _, {answers, Got}} -> Got end,
    Bystander ! enough,
    receive {'DOWN', Chats, process, _, Reason} -> ?assertMatch({chats, N} when N > 0, Reason) end,
    ?assertEqual([], lists:usort([Code || {_, Code} <- maps:keys(Answers)]) -- Codes, Answers),
    ?assertEqual(OsPid, llama_node_ct:os_pid(Server)),
    nothing_is_held(Server).

chats(Server, Done) ->
    {ok, #{finish_reason := length}} =
        llama_node:chat(Server, <<"Once">>, #{n_predict => 3, ignore_eos => true, timeout => 110000}),
    receive enough -> Done + 1
    after 0 -> chats(Server, Done + 1)
    end.

nothing_is_held(Server) ->
    case llama_node:get_status(Server) of
        {ok, #{account := #{held_bytes := 0}}} -> ok;
        {ok, #{account := #{}}} -> nothing_is_held(Server)
    end.
