#!/usr/bin/env escript
%% One server, by its name, for many processes: eight ask at once, four are decoded side by side, the others wait for
%% their turn. One that dies loses its task, and nobody else's.
-mode(compile).

main(_) ->
    {ok, _} = llama_node:start_link(#{name => {local, llama}, n_parallel => 4}),
    Asking = [spawn_monitor(fun () -> ask(Number) end) || Number <- lists:seq(1, 8)],
    {Victim, VictimRef} = spawn_monitor(fun () ->
        llama_node:complete(llama, "Once", #{max_tokens => 1 bsl 30, ignore_eos => true})
    end),
    [receive {'DOWN', Ref, process, Pid, {answered, Text}} -> io:format("~ts~n", [Text]) end || {Pid, Ref} <- Asking],
    exit(Victim, kill),
    receive {'DOWN', VictimRef, process, Victim, killed} -> ok end,
    {ok, #{content := _}} = llama_node:complete(llama, "Once", #{max_tokens => 5}),
    {ok, #{counters := #{tasks_done := Done}}} = llama_node:get_status(llama),
    io:format("~b answers; the process that was killed got none~n", [Done]),
    ok = llama_node:destroy_server(llama).

ask(Number) ->
    {ok, #{content := Answer, timings := #{queue_ms := Waited}}} =
        llama_node:chat(llama, "Hello, I am number " ++ integer_to_list(Number), #{max_tokens => 12, seed => Number}),
    exit({answered, io_lib:format("~b waited ~b ms: ~ts", [Number, round(Waited), Answer])}).
