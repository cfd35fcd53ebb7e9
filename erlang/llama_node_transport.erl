%% @doc How requests reach the Java node.
%%
%% A transport prepares what the node must be told before it starts, connects to it once it is
%% ready, and carries requests from any process to it. The address that {@link connect/2} returns
%% is plain data, so that callers talk to the node without passing through a process.
%% @end
-module(llama_node_transport).

-export([module/1]).
-export([call/3, monitor/1]).
-export_type([target/0, address/0, handle/0, name/0]).

-type name() :: auto | distribution.
%% `auto' (default) takes the distribution, the only transport there is so far.

-type address() :: term().
%% What the transport needs to reach a node that is ready.

-type handle() :: term().
%% What the transport needs to connect to a node that is being started.

-type target() :: {module(), address()}.
%% A node that is ready, and the transport that reaches it.

-callback prepare(llama_node_options:options()) ->
    {ok, Config :: map(), handle()} | {error, llama_node:error()}.
%% Checks that the transport can work at all; `Config' is added to the node's first frame.

-callback connect(handle(), Ready :: map()) -> {ok, address()} | {error, llama_node:error()}.
%% Connects to a node that said it is ready. May block: it runs in a process of its own.

-callback monitor(address()) -> reference().
%% The calling process gets `{'DOWN', Ref, process, _, _}' when the node is out of reach.

-callback call(address(), Request :: term(), timeout()) -> Reply :: term().
%% Makes one request in the name of the calling process. Never raises: a node that has gone is
%% `{error, {node_down, _}}', an overdue answer `{error, {timeout, _}}', which leaves no message.

%% @doc The module that implements a transport.
-spec module(name()) -> module().
module(auto) -> llama_node_dist;
module(distribution) -> llama_node_dist.

%% @doc Makes a request to a node, in the name of the calling process.
-spec call(target(), term(), timeout()) -> term().
call({Module, Address}, Request, Timeout) ->
    Module:call(Address, Request, Timeout).

%% @doc Monitors a node.
-spec monitor(target()) -> reference().
monitor({Module, Address}) ->
    Module:monitor(Address).
