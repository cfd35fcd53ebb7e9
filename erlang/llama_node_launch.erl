%% @doc What is looked for before a node is launched: a Java that was asked for, the default model, and what the
%% transport needs. Each of these may ask programs or machines that do not answer, so a process of its own does
%% it, which the server ends when it takes too long.
%% @end
-module(llama_node_launch).

-include_lib("kernel/include/logger.hrl").

-export([start/3]).
%% Entry point of the process that prepares.
-export([prepare/4]).
-export_type([prepared/0]).

-type prepared() :: {llama_node_options:options(), Config :: map(), llama_node_transport:handle(),
                     llama_node_stderr:reader()}.
%% Options that name a model, the transport's part of the configuration and what it keeps, and the reader of what
%% the process will print.

%% @doc Starts to prepare the launch for the calling process, which gets `{preparing, Pid, What}' before each step
%% that can take long, and in the end `{'DOWN', Ref, process, Pid, {prepared, Outcome}}', where `Outcome' is
%% `{ok, prepared()}' or `{error, Error}'.
-spec start(llama_node_options:options(), module(), logger:metadata()) -> {pid(), reference()}.
start(Options, Transport, Metadata) ->
    spawn_opt(?MODULE, prepare, [self(), Options, Transport, Metadata], [link, monitor]).

%% @private
-spec prepare(pid(), llama_node_options:options(), module(), logger:metadata()) -> no_return().
prepare(Server, Given, Transport, Metadata) ->
    logger:set_process_metadata(Metadata),
    Server ! {preparing, self(), "looking for Java"},
    exit({prepared, case llama_node_port:check_java(Given) of
        ok -> transport(Server, with_default_model(Given), Transport);
        {error, _} = Error -> Error
    end}).

transport(Server, Options, Transport) ->
    Server ! {preparing, self(), Transport:preparation()},
    case Transport:prepare(Options) of
        {ok, Part, Handle} -> {ok, {Options, Part, Handle, llama_node_stderr:open(Server)}};
        {error, _} = Error -> Error
    end.

with_default_model(Given) ->
    case llama_node_options:default_model(Given, llama_node_options:priv_dir()) of
        {Options, none} ->
            Options;
        {Options, {default, Path}} ->
            ?LOG_DEBUG("no model was named; taking ~ts", [Path]),
            Options
    end.
