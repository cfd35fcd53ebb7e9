%% @doc From a server's name to a node's answer.
%%
%% The server process is asked for its node, which is a local call that it answers as soon as the
%% node is ready; the request itself goes from the calling process to the node, which makes the
%% caller the owner of what it creates.
%% @end
-module(llama_node_request).

-export([listen/3, call/3, call_for/3, create/3, create_task/4, with_target/4, deadline/1, run/3, is_server/1]).
-export([target/2, owner/2, with_options/2, path/2, names_server/1, path_and_config/1]).

%% What the answer to a request with a deadline may need beyond it. Callers may rely on their time-outs to a second.
-define(MARGIN, 800).

%% How long a server may take to say that it is one.
-define(OWNER_TIMEOUT, 30000).

-define(IS_TIMEOUT(T), (T =:= infinity orelse (is_integer(T) andalso T >= 0 andalso T =< 16#ffffffff))).

%% @doc Makes a request and waits for the answer, for the server to become ready included.
-spec call(llama_node:server(), Request :: term(), timeout()) -> term().
call(Server, Request, Timeout) ->
    Started = now_ms(),
    case target(Server, Timeout) of
        {ok, Target} -> llama_node_transport:call(Target, Request, left(Timeout, Started));
        {error, _} = Error -> Error
    end.

%% @doc Makes a request that creates something. Only the wait for the server to become ready has a
%% time-out: a call that is given up would leave what it created to nobody. It ends with the node
%% at the latest, which is taken for gone when it does not answer for the tick time.
-spec create(llama_node:server(), Request :: term(), timeout()) -> term().
create(Server, Request, Timeout) ->
    case target(Server, Timeout) of
        {ok, Target} -> llama_node_transport:call(Target, Request, infinity);
        {error, _} = Error -> Error
    end.

%% @doc Makes a request that creates a task. One whose input has a deadline is given up with it: then the task has
%% ended, whether it was created or not.
-spec create_task(llama_node:server(), Request :: term(), llama_node:input(), timeout()) -> term().
create_task(Server, Request, Input, Timeout) ->
    case deadline(Input) of
        infinity -> create(Server, Request, Timeout);
        Deadline -> call_for(Server, fun (_Left) -> Request end, Deadline)
    end.

%% @doc Does something at the node of a server. It is told how long it may wait for an answer of the node: as long as
%% the task's deadline is not much overdue. A server that starts is waited for as long as that, or `Timeout'.
-spec with_target(llama_node:server(), Deadline :: timeout(), timeout(),
                  fun((llama_node_transport:target(), timeout()) -> Result)) -> Result | {error, llama_node:error()}.
with_target(Server, Deadline, Timeout, Fun) ->
    Started = now_ms(),
    Wait = with_margin(Deadline),
    case target(Server, min(Wait, Timeout)) of
        {ok, Target} -> Fun(Target, left(Wait, Started));
        {error, _} = Error -> Error
    end.

%% @doc The deadline that an input gives its task, if it does: who waits to hear of the task need not wait longer.
%% ```
%% 500 = llama_node_request:deadline([{"timeout", 500}, {prompt, <<"Hi">>}]).
%% '''
-spec deadline(llama_node:input()) -> timeout().
deadline(Input) when is_binary(Input) ->
    case binary:match(Input, [<<"timeout">>, <<"deadline_ms">>]) of
        nomatch -> infinity;
        _ ->
            case llama_node_json:decode(Input) of
                {ok, Tree} -> deadline_of(llama_node_json:plain(Tree));
                {error, _, _} -> infinity
            end
    end;
deadline(Input) ->
    deadline_of(Input).

deadline_of(Input) ->
    case llama_node_input:fields(Input) of
        {ok, Fields} -> lists:min([infinity | [Timeout || {Key, Timeout} <- Fields, is_deadline(Key, Timeout)]]);
        {error, _} -> infinity
    end.

%% @doc Makes a request whose deadline the node enforces. `Request' makes it from the time that is
%% left for it; the caller waits a little longer, so that the node's own answer arrives.
-spec call_for(llama_node:server(), fun((timeout()) -> term()), timeout()) -> term().
call_for(Server, Request, Timeout) when ?IS_TIMEOUT(Timeout) ->
    Started = now_ms(),
    case target(Server, with_margin(Timeout)) of
        {ok, Target} ->
            Left = left(Timeout, Started),
            llama_node_transport:call(Target, Request(Left), with_margin(Left));
        {error, _} = Error ->
            Error
    end;
call_for(_Server, _Request, _Timeout) ->
    error(badarg).

%% @doc Runs a task in a session of its own. The input's `timeout' is the deadline that the node
%% enforces; without one, only the node's end ends the wait.
-spec run(llama_node:server(), llama_node:type(), map()) -> term().
run(Server, Type, Input) ->
    case [{Key, Value} || {Key, Value} <- maps:to_list(Input), is_deadline(Key, Value)] of
        [{Key, Timeout} | _] ->
            Run = fun (Left) -> {run, Type, Input#{Key := max(1, Left)}} end,
            call_for(Server, Run, Timeout);
        [] ->
            call(Server, {run, Type, Input}, infinity)
    end.

%% The node has its own word on anything else.
is_deadline(Key, Timeout) when is_integer(Timeout), Timeout > 0, Timeout =< 16#ffffffff ->
    lists:member(llama_node_input:key(Key), [{ok, <<"timeout">>}, {ok, <<"deadline_ms">>}]);
is_deadline(_Key, _Timeout) ->
    false.

with_margin(infinity) -> infinity;
with_margin(Timeout) -> min(Timeout + ?MARGIN, 16#ffffffff).

left(infinity, _Started) -> infinity;
left(Timeout, Started) -> max(0, Timeout - (now_ms() - Started)).

now_ms() ->
    erlang:monotonic_time(millisecond).

%% @doc The node behind a server, once it is ready. Raises `badarg' for what is no server at all.
-spec target(llama_node:server(), timeout()) ->
    {ok, llama_node_transport:target()} | {error, llama_node:error()}.
target(Server, Timeout) when ?IS_TIMEOUT(Timeout) ->
    case is_server(Server) andalso (is_mailbox(Server) orelse ask(Server, target, Timeout)) of
        true -> {ok, {llama_node_dist, Server}};
        {ok, {Module, _}} = Ok when is_atom(Module) -> Ok;
        {error, {Code, _}} = Error when is_atom(Code), Code =/= invalid_argument -> Error;
        Answer when Answer =/= false, is_tuple(Server), is_atom(element(2, Server)) -> {ok, {llama_node_dist, Server}};
        _ -> error(badarg)
    end;
target(_Server, _Timeout) ->
    error(badarg).

%% What is known as the mailbox of a node need not be asked what it is.
is_mailbox({Name, Node} = Server) when Name =/= global, is_atom(Node) -> llama_node_lines:find(Server) =/= none;
is_mailbox(_Server) -> false.

%% @doc Whether a term can be a server: its process, its name, or the mailbox of a node.
-spec is_server(term()) -> boolean().
is_server({global, _}) -> true;
is_server({via, Module, _}) -> is_atom(Module);
is_server({Name, Node}) -> is_atom(Name) andalso is_atom(Node);
is_server(Server) -> is_pid(Server) orelse is_atom(Server).

%% @doc The process of the server that has a name at a node, or `mailbox' if it is the node itself that has it.
-spec owner(llama_node:server(), timeout()) -> {ok, pid()} | mailbox | {error, llama_node:error()}.
owner(Server, Timeout) ->
    case is_mailbox(Server) orelse ask(Server, owner, Timeout) of
        {ok, Pid} = Ok when is_pid(Pid) -> Ok;
        {error, {Code, _}} = Error when is_atom(Code), Code =/= invalid_argument -> Error;
        _ -> mailbox
    end.

%% @doc Subscribes the calling process at a server, or at the connection to a node that {@link llama_node:connect/2}
%% keeps.
-spec listen(llama_node:server(), {subscribe, llama_node:server()} | unsubscribe, timeout()) ->
    ok | {error, llama_node:error()}.
listen(Server, Request, Timeout) ->
    case is_server(Server) andalso (is_mailbox(Server) orelse ask(Server, Request, Timeout)) of
        ok -> ok;
        true -> llama_node_lines:listen(Server, Request);
        {error, {Code, _}} = Error when is_atom(Code), Code =/= invalid_argument -> Error;
        Answer when Answer =/= false, is_tuple(Server) -> not_kept(Server);
        _ -> error(badarg)
    end.

not_kept(Server) ->
    llama_node_error:make(unsupported, "nobody watches the node of ~0tP here: llama_node:connect/2 does", [Server, 8]).

%% A name at a node is that of a server there, or the mailbox of a Java node, which knows no such requests. The
%% connection to it may be busy, which suspends whoever asks.
ask({Name, Node} = Server, What, Timeout) when Name =/= global, is_atom(Node), Node =/= node() ->
    case llama_node_aside:run(fun () -> ask_process(Server, What, Timeout) end, Timeout) of
        {error, {timeout, _}} -> not_ready(Timeout);
        Answer -> Answer
    end;
ask(Server, What, Timeout) ->
    ask_process(Server, What, Timeout).

ask_process(Server, What, Timeout) ->
    try
        gen_server:call(Server, What, Timeout)
    catch
        exit:{timeout, _} ->
            not_ready(Timeout);
        exit:{calling_self, _} ->
            error(badarg);
        exit:{{undef, [{Module, whereis_name, _, _} | _]}, {gen_server, call, [{via, Module, _} | _]}} ->
            %% That module is no registry.
            error(badarg);
        exit:{{Reason, Stack}, {gen_server, call, _}} when is_list(Stack) ->
            llama_node_error:node_down(Reason);
        exit:{noproc, _} ->
            llama_node_error:no_server(Server);
        exit:{Reason, _} ->
            llama_node_error:node_down(Reason)
    end.

not_ready(Timeout) ->
    llama_node_error:make(timeout, "the server was not ready within ~b ms", [Timeout]).

%% @doc The path as the node should take it. The working directory of the node is that of the
%% runtime at its launch, so a relative path is made absolute here, if the server is on this machine.
%% What is no path is left for the node to refuse.
-spec path(llama_node:server(), term()) -> term().
path(Server, Path) ->
    case is_here(Server) of
        true -> absolute(Path);
        false -> Path
    end.

%% What cannot be reached will say so to the request itself.
is_here(Server) when is_pid(Server) -> host(node(Server)) =:= host(node());
is_here(Server) when is_atom(Server) -> true;
is_here({global, Name}) -> is_here_if_pid(global:whereis_name(Name));
is_here({via, Module, Name}) when is_atom(Module) ->
    try
        is_here_if_pid(Module:whereis_name(Name))
    catch
        error:_ -> false
    end;
is_here({Name, Node} = Server) when is_atom(Name), is_atom(Node) ->
    host(Node) =:= host(node()) andalso is_owned(owner(Server, ?OWNER_TIMEOUT));
is_here(_Other) -> false.

is_owned({ok, _}) -> true;
is_owned(_MailboxOrError) -> false.

is_here_if_pid(Server) -> is_pid(Server) andalso is_here(Server).

host(Node) ->
    lists:last(string:split(atom_to_list(Node), "@")).

absolute(Path) when Path =:= ""; Path =:= <<>>; Path =:= undefined; Path =:= nil; Path =:= null ->
    Path;
absolute(Path) when is_atom(Path), not is_boolean(Path) ->
    absolute(atom_to_binary(Path));
absolute(Path) when is_binary(Path); is_list(Path) ->
    try unicode:characters_to_binary(Path) of
        Text when is_binary(Text) -> filename:absname(Text);
        _ -> Path
    catch
        error:badarg -> Path
    end;
absolute(Path) ->
    Path.

%% @doc Whether a model's configuration says that a server runs it: its path is no file then.
-spec names_server(term()) -> boolean().
names_server(Json) when is_binary(Json) ->
    case llama_node_json:decode(Json) of
        {ok, {object, _} = Object} -> names_server(llama_node_json:plain(Object));
        _ -> false
    end;
names_server(Config) ->
    case llama_node_input:fields(Config) of
        {ok, Fields} -> [] =/= [Engine || {<<"engine">>, Engine} <- Fields,
                                          llama_node_input:text(Engine) =:= {ok, <<"llama_server">>}];
        {error, _} -> false
    end.

%% @doc The path of a model, and the options given along with it, if any.
%% ```
%% {"m.gguf", #{n_ctx := 64}} = llama_node_request:path_and_config([{"path", "m.gguf"}, {n_ctx, 64}]).
%% '''
-spec path_and_config(term()) -> {Path :: term(), map()} | {error, llama_node:error()}.
path_and_config(Given) when is_map(Given) ->
    case [Key || Key <- maps:keys(Given), llama_node_input:key(Key) =:= {ok, <<"path">>}] of
        [Key] -> {map_get(Key, Given), maps:remove(Key, Given)};
        [] -> no_path([Name || {ok, Name} <- [llama_node_input:key(Key) || Key <- maps:keys(Given)]]);
        [_ | _] -> llama_node_error:make(invalid_argument, "path: is given twice")
    end;
path_and_config([{_, _} | _] = Given) ->
    case is_proplist(Given) of
        true -> path_and_config(proplists:to_map(Given));
        false -> {Given, #{}}
    end;
path_and_config(Path) ->
    {Path, #{}}.

%% It may have been mistyped.
no_path(Names) ->
    case [Name || Name <- Names, llama_node_input:near(Name, [<<"path">>]) =/= none] of
        [Name | _] ->
            llama_node_error:make(invalid_argument, "unknown option '~ts' (did you mean 'path'?)", [Name]);
        [] ->
            llama_node_error:make(invalid_argument, "path is required")
    end.

%% @doc Adds what a function of the API takes as arguments to the options given along with them.
%% An option that is such an argument is refused, unless it is not given.
%% ```
%% {ok, #{prompt := <<"Hi">>, seed := 1}} =
%%     llama_node_request:with_options(#{prompt => <<"Hi">>}, [{seed, 1}]).
%% '''
-spec with_options(#{atom() => term()}, llama_node:input()) ->
    {ok, map()} | {error, llama_node:error()}.
with_options(Arguments, Options) when is_map(Options) ->
    Given = [atom_to_binary(Argument) || Argument <- maps:keys(Arguments)],
    Same = [Key || Key <- maps:keys(Options), {ok, Name} <- [llama_node_input:key(Key)], lists:member(Name, Given)],
    case [Key || Key <- Same, not llama_node_input:is_absent(map_get(Key, Options))] of
        [] -> {ok, maps:merge(maps:without(Same, Options), Arguments)};
        [Key | _] -> llama_node_error:make(invalid_argument, "~ts: is an argument, not an option", [Key])
    end;
with_options(Arguments, Options) when is_list(Options) ->
    case is_proplist(Options) of
        true -> with_options(Arguments, proplists:to_map(Options));
        false -> not_options(Options)
    end;
with_options(Arguments, Json) when is_binary(Json) ->
    case llama_node_json:decode(Json) of
        {ok, {object, Members}} ->
            with_options(Arguments, [{Key, llama_node_json:ordered(Tree)} || {Key, Tree} <- Members]);
        {ok, _} -> not_options(Json);
        {error, Why, {Line, Column}} ->
            llama_node_error:make(invalid_argument, "options: is not valid JSON: ~ts (line ~b, column ~b)",
                                  [Why, Line, Column])
    end;
with_options(Arguments, Options) ->
    case llama_node_input:is_absent(Options) of
        true -> with_options(Arguments, #{});
        false -> not_options(Options)
    end.

not_options(Options) ->
    llama_node_error:make(invalid_argument, "options: must be a map, a proplist or a JSON object, got ~0tP",
                          [Options, 8]).

is_proplist([{_, _} | Rest]) -> is_proplist(Rest);
is_proplist([Key | Rest]) when is_atom(Key) -> is_proplist(Rest);
is_proplist(Rest) -> Rest =:= [].
