%% @doc Processes and references of this runtime that were encoded while it had another name.
%%
%% A runtime that becomes distributed, or ceases to be, changes its name, and with it what its own pids
%% and references look like in the external term format. Their numbers stay.
%% @end
-module(llama_node_local).

-export([from/2]).

%% @doc A decoded term, in which what was encoded while this runtime was called `Node' is its own again.
%% ```
%% Self = llama_node_local:from(nonode@nohost, binary_to_term(EncodedBeforeNetKernelStart)).
%% '''
-spec from(node(), term()) -> term().
from(Node, Term) when (is_pid(Term) orelse is_reference(Term)), node(Term) =:= Node ->
    binary_to_term(renamed(term_to_binary(Term)));
from(Node, [Head | Tail]) ->
    [from(Node, Head) | from(Node, Tail)];
from(Node, Term) when is_tuple(Term) ->
    list_to_tuple([from(Node, Element) || Element <- tuple_to_list(Term)]);
from(Node, Term) when is_map(Term) ->
    maps:from_list([{from(Node, Key), from(Node, Value)} || {Key, Value} <- maps:to_list(Term)]);
from(_Node, Term) ->
    Term.

%% NEW_PID_EXT and NEWER_REFERENCE_EXT of "External Term Format".
renamed(<<131, 88, Rest/binary>>) ->
    {_, <<Numbers:8/binary, _Creation:32>>} = atom(Rest),
    <<131, 88, (own_name())/binary, Numbers/binary, (own_creation()):32>>;
renamed(<<131, 90, Length:16, Rest/binary>>) ->
    {_, <<_Creation:32, Numbers/binary>>} = atom(Rest),
    <<131, 90, Length:16, (own_name())/binary, (own_creation()):32, Numbers/binary>>.

own_name() ->
    {Name, _} = own(),
    Name.

own_creation() ->
    {_, <<_Numbers:8/binary, Creation:32>>} = own(),
    Creation.

own() ->
    <<131, 88, Rest/binary>> = term_to_binary(self()),
    atom(Rest).

%% An encoded atom and what follows it.
atom(<<Tag, Length:16, _:Length/binary, _/binary>> = Encoded) when Tag =:= 100; Tag =:= 118 ->
    split_binary(Encoded, 3 + Length);
atom(<<119, Length, _:Length/binary, _/binary>> = Encoded) ->
    split_binary(Encoded, 2 + Length).
