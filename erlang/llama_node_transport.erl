%% @doc How requests reach the Java node.
%%
%% A transport prepares what the node must be told before it starts, connects to it once it is
%% ready, and carries requests from any process to it. The address that {@link connect/2} returns
%% is plain data, so that callers talk to the node without passing through a process.
%% @end
-module(llama_node_transport).

-export([module/1]).
-export([call/3, cast/2, monitor/1]).
-export_type([target/0, address/0, handle/0, name/0]).

-type name() :: auto | port | distribution.
%% `auto' (default) takes the distribution if this runtime is distributed, and the port otherwise.

-type address() :: term().
%% What the transport needs to reach a node that is ready.

-type handle() :: term().
%% What the transport keeps with the process that owns the node and its port.

-type target() :: {module(), address()}.
%% A node that is ready, and the transport that reaches it.

-callback prepare(llama_node_options:options()) ->
    {ok, Config :: map(), handle()} | {error, llama_node:error()}.
%% Checks that the transport can work at all; `Config' is added to the node's first frame.

-callback preparation() -> string().
%% What `prepare' may wait for, in words, for whoever has waited too long.

-callback opened(handle(), port()) -> handle().
%% The node was launched, and its port belongs to the calling server; the transport may take it. Whoever has it then
%% sends the server what the port says to it, but for frames of the transport. Called by the server, like the next two.

-callback handled(handle(), Frame :: binary()) -> ok.
%% The server has a frame from the port.

-callback request(handle(), {'$gen_call', gen_server:from(), term()} | {'$gen_cast', term()}) -> ok | refused.
%% Somebody took the owner for the mailbox of the node.

-callback connect(handle(), Ready :: map()) -> {ok, address()} | {error, llama_node:error()}.
%% Connects to a node that said it is ready. May block: it runs in a process of its own.

-callback monitor(address()) -> reference().
%% The calling process gets `{'DOWN', Ref, process, _, _}' when the node is out of reach.

-callback watch(address(), llama_node_pulse:settings()) -> reference().
%% As `monitor', for the owner of the node: also a node that does not answer is out of reach, with the reason `silent'.

-callback call(address(), Request :: term(), timeout()) -> Reply :: term().
%% Makes one request in the name of the calling process. Never raises: a node that has gone is
%% `{error, {node_down, _}}', an overdue answer `{error, {timeout, _}}', which leaves no message, and where too much
%% waits to be taken by the node already, `{error, {server_busy, _}}'.

-callback cast(address(), Request :: term()) -> ok.
%% Makes a request that is not answered. Never waits.

%% @doc The module that implements a transport.
-spec module(name()) -> module().
module(auto) ->
    case is_alive() of
        true -> llama_node_dist;
        false -> llama_node_stdio
    end;
module(port) ->
    llama_node_stdio;
module(distribution) ->
    llama_node_dist.

%% @doc Makes a request to a node, in the name of the calling process.
-spec call(target(), term(), timeout()) -> term().
call({Module, Address}, Request, Timeout) ->
    Module:call(Address, Request, Timeout).

%% @doc Makes a request that is not answered.
-spec cast(target(), term()) -> ok.
cast({Module, Address}, Request) ->
    Module:cast(Address, Request).

%% @doc Monitors a node.
-spec monitor(target()) -> reference().
monitor({Module, Address}) ->
    Module:monitor(Address).
