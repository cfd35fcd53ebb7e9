%% @doc What the programs of the benchmark share: how one ends, and what it asks about the process of a node.
-module(llama_node_bench_program).

-export([run/1, failed/3, heading/2, os_pid/1, cpu/2, nanoseconds/1]).

%% @doc Calls the function and ends the runtime: with status 1, and the reason on standard error, if it fails.
-spec run(fun(() -> ok)) -> no_return().
run(Fun) ->
    try
        ok = Fun(),
        halt(0)
    catch
        Class:Reason:Stacktrace -> failed(Class, Reason, Stacktrace)
    end.

%% @doc Says why the benchmark failed and ends the runtime.
-spec failed(error | exit | throw, term(), list()) -> no_return().
failed(Class, Reason, Stacktrace) ->
    io:format(standard_error, "bench: ~p: ~p~n~p~n", [Class, Reason, Stacktrace]),
    halt(1).

%% @doc Prints what a recorded table begins with: when, of what, where, and how it was called.
-spec heading(io:format(), [term()]) -> ok.
heading(Format, Arguments) ->
    {{Year, Month, Day}, {Hour, Minute, _}} = calendar:universal_time(),
    {ok, Load} = file:read_file("/proc/loadavg"),
    Commit = string:trim(os:cmd("git -C '" ++ os:getenv("BENCH_ROOT") ++ "' rev-parse --short HEAD")),
    io:format("On ~b-~2..0b-~2..0b ~2..0b:~2..0b UTC, commit ~ts (~b cores, OTP ~ts, load before ~ts), ~ts:~n~n",
              [Year, Month, Day, Hour, Minute, Commit, erlang:system_info(logical_processors_available),
               erlang:system_info(otp_release), hd(binary:split(Load, <<" ">>)), io_lib:format(Format, Arguments)]).

%% @doc The process of the operating system that the server started.
-spec os_pid(pid()) -> pos_integer().
os_pid(Server) ->
    Ports = lists:append([ports(Owner) || Owner <- incarnations(Server) ++ port_owners(Server)]),
    [OsPid] = [OsPid || Port <- Ports, {os_pid, OsPid} <- [erlang:port_info(Port, os_pid)]],
    OsPid.

ports(Pid) -> [Port || Port <- links(Pid), is_port(Port)].

%% Over the port it belongs to a process of its own.
port_owners(Server) ->
    lists:append([linked(Pid, {llama_node_port_owner, init, 4}) || Pid <- incarnations(Server)]).

%% The process that launched the node, and ends with it.
incarnations(Server) ->
    linked(Server, {llama_node_incarnation, init, 1}).

linked(Server, Call) ->
    [Pid || Pid <- links(Server), is_pid(Pid), node(Pid) =:= node(), proc_lib:translate_initial_call(Pid) =:= Call].

links(Pid) ->
    {links, Links} = process_info(Pid, links),
    Links.

%% @doc The share of a core that a process uses while the function runs, and what that returns.
-spec cpu(pos_integer(), fun(() -> Result)) -> {float(), Result}.
cpu(OsPid, Fun) ->
    Before = nanoseconds(OsPid),
    Start = erlang:monotonic_time(nanosecond),
    Result = Fun(),
    Elapsed = erlang:monotonic_time(nanosecond) - Start,
    {(nanoseconds(OsPid) - Before) / Elapsed, Result}.

%% @doc The time that a process has used of all cores: of the threads that it has now.
-spec nanoseconds(pos_integer()) -> non_neg_integer().
nanoseconds(OsPid) ->
    Tasks = filename:join(["/proc", integer_to_list(OsPid), "task"]),
    {ok, Threads} = file:list_dir(Tasks),
    lists:sum([begin
                   {ok, Stat} = file:read_file(filename:join([Tasks, Thread, "schedstat"])),
                   binary_to_integer(hd(binary:split(Stat, <<" ">>)))
               end || Thread <- Threads]).
