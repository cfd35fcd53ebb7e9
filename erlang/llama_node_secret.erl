%% @doc Values that must not be seen: a cookie, an environment.
%%
%% A fun hides what it holds from everything that prints terms: reports of supervisors and crashes, `sys:get_status/1',
%% a shell. So a secret is put into a fun where it comes in, and taken out where it is needed. The funs live as long as
%% a supervisor's child specification, and a runtime keeps two versions of a module only: this module holds nothing
%% else, so that it need not change.
%% @end
-module(llama_node_secret).

-export([wrap/1, reveal/1, in_url/1]).
-export_type([secret/1]).

-type secret(Value) :: Value | fun(() -> Value).
%% A value, or a fun that gives it.

%% @doc A fun that gives the value. One that is a secret already stays as it is.
%% ```
%% Secret = llama_node_secret:wrap(<<"xyzzy">>), <<"xyzzy">> = Secret().
%% '''
-spec wrap(secret(Value)) -> fun(() -> Value).
wrap(Fun) when is_function(Fun, 0) -> Fun;
wrap(Value) -> fun () -> Value end.

%% @doc Whether it is a text with a URL in which a name or a password stands.
-spec in_url(term()) -> boolean().
in_url(Text) ->
    try
        match =:= re:run(Text, "://[^/?#]*@", [{capture, none}])
    catch
        error:badarg -> false
    end.

%% @doc The value of a secret. Raises what the fun raises.
-spec reveal(secret(Value)) -> Value.
reveal(Fun) when is_function(Fun, 0) -> Fun();
reveal(Value) -> Value.
