%% Kills the server that a node owns while streams of it run. The suite asks what comes of it, bench/kills how long it
%% takes.
-module(llama_node_owned_kills).

-export([options/2, kill/2]).

%% A node that owns a llama-server with 16 slots.
-spec options(file:filename(), file:filename()) -> map().
options(Program, Model) ->
    #{transport => port, log_level => none, engine => llama_server, id => own, idle_timeout_ms => 60000,
      command => [Program, "-m", Model, "--offline", "-c", "16384", "-np", "16", "-t", "2", "-b", "512"]}.

%% Kills it under so many streams, each of which has begun: how many ended once, as they should, the longest time in
%% milliseconds from the kill to an end, and to the answer of the next task.
-spec kill(pid(), pos_integer()) ->
    #{ended := non_neg_integer(), longest := number(), next := ok | term(), back := number()}.
kill(Server, Streams) ->
    {ok, #{models := [#{server_pid := Pid}]}} = llama_node:get_status(Server),
    Tasks = [stream(Server, N) || N <- lists:seq(1, Streams)],
    _ = [receive {llama_node, Task, {chunk, _}} -> ok end || {_, Task} <- Tasks],
    Killed = erlang:monotonic_time(),
    _ = os:cmd("kill -KILL " ++ integer_to_list(Pid)),
    Ends = [{end_of(Task), since(Killed)} || {_, Task} <- Tasks],
    Next = next(Server),
    Back = since(Killed),
    More = [Event || {llama_node, _, _} = Event <- llama_node_ct:flush()],
    _ = [llama_node:close_session(Server, Session) || {Session, _} <- Tasks],
    #{ended => length([failed || {inference_failed, _} <- Ends]) - length(More),
      longest => lists:max([Time || {_, Time} <- Ends]), next => Next, back => Back}.

stream(Server, N) ->
    {ok, Session} = llama_node:create_session(Server, #{}),
    {ok, Task} = llama_node:stream(Server, Session, completion,
                                   #{prompt => iolist_to_binary(["Tale ", integer_to_list(N)]), ignore_eos => true,
                                     max_tokens => 900}),
    {Session, Task}.

%% The chunks before it are taken as well.
end_of(Task) ->
    receive
        {llama_node, Task, {error, {Code, _}}} -> Code;
        {llama_node, Task, {done, _}} -> done;
        {llama_node, Task, {chunk, _}} -> end_of(Task)
    end.

%% While it is not back a task is refused at once.
next(Server) ->
    case llama_node:complete(Server, <<"Once upon a time">>, #{max_tokens => 4, ignore_eos => true}) of
        {ok, #{usage := #{completion_tokens := 4}}} -> ok;
        {error, {inference_failed, _}} -> timer:sleep(20), next(Server);
        Other -> Other
    end.

since(Time) ->
    erlang:convert_time_unit(erlang:monotonic_time() - Time, native, microsecond) / 1000.
