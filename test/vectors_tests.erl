%% Golden terms that the Java tests read too: the text of each vector must be the term that its
%% external form decodes to, on every OTP release. `regenerate/0' writes the external forms:
%%
%%   erlc -o _build test/vectors_tests.erl
%%   erl -noshell -pa _build -eval 'vectors_tests:regenerate(), halt().'
%%
%% A vector is a block of `key: value' lines, `name' first; a line that starts with a blank goes on
%% with the value above it. `pid(Node, Id, Serial, Creation)' and
%% `ref(Node, Creation, Ids)' in a term stand for a pid and a reference.
-module(vectors_tests).
%% Exports by hand: the generated test/0 would have no -spec, which is an error here.
-define(EUNIT_NOAUTO, true).
-include_lib("eunit/include/eunit.hrl").
-export([vectors_test_/0, enough_test/0, regenerate/0, read/1]).

-define(FEWEST, 80).

-spec vectors_test_() -> [term()].
vectors_test_() ->
    [{filename:basename(File) ++ " " ++ Name, fun() -> check(Vector) end}
     || File <- files(), #{"name" := Name} = Vector <- vectors(File)].

-spec enough_test() -> ok.
enough_test() ->
    All = lists:append([vectors(File) || File <- files()]),
    Names = [Name || #{"name" := Name} <- All],
    ?assert(length(All) >= ?FEWEST),
    ?assertEqual([], Names -- lists:usort(Names)),
    ok.

check(#{"term" := Text, "etf" := Base64}) ->
    Term = parse(Text),
    External = base64:decode(Base64),
    ?assertEqual(Term, binary_to_term(External, [safe])),
    {_, Used} = binary_to_term(External, [used]),
    ?assertEqual(byte_size(External), Used).

-spec regenerate() -> ok.
regenerate() ->
    lists:foreach(fun regenerate/1, files()).

regenerate(File) ->
    {ok, Content} = file:read_file(File),
    Blocks = string:split(Content, "\n\n", all),
    ok = file:write_file(File, lists:join("\n\n", [regenerate_block(Block) || Block <- Blocks])).

%% What decodes to the term already stays, so that another release of OTP changes no line.
regenerate_block(Block) ->
    case vector(Block) of
        #{"term" := Text} = Vector ->
            Term = parse(Text),
            case Vector of
                #{"etf" := Base64} ->
                    try binary_to_term(base64:decode(Base64)) of
                        Term -> Block;
                        _ -> put_external(Block, Term)
                    catch
                        error:badarg -> put_external(Block, Term)
                    end;
                _ -> put_external(Block, Term)
            end;
        _ ->
            Block
    end.

put_external(Block, Term) ->
    Lines = [Line || Line <- string:split(Block, "\n", all), string:prefix(Line, "etf:") =:= nomatch],
    {Before, After} = lists:splitwith(fun(L) -> string:prefix(L, "expect:") =:= nomatch andalso L =/= <<>> end, Lines),
    External = term_to_binary(Term, [{minor_version, 2}, deterministic]),
    lists:join("\n", Before ++ [["etf: ", base64:encode(External)] | After]).

files() ->
    {source, Source} = lists:keyfind(source, 1, ?MODULE:module_info(compile)),
    Dirs = [filename:join("test", "vectors"), filename:join(filename:dirname(Source), "vectors")],
    [Dir | _] = [D || D <- Dirs, filelib:is_dir(D)],
    lists:sort(filelib:wildcard(filename:join(Dir, "*.vectors"))).

%% The vectors of one file, for other tests.
-spec read(string()) -> [#{string() => string()}].
read(Name) ->
    [File] = [File || File <- files(), filename:basename(File, ".vectors") =:= Name],
    vectors(File).

vectors(File) ->
    {ok, Content} = file:read_file(File),
    [V || Block <- string:split(Content, "\n\n", all), V <- [vector(Block)], is_map_key("name", V)].

vector(Block) ->
    Lines = [L || L <- string:split(unicode:characters_to_list(Block), "\n", all), L =/= [], hd(L) =/= $#],
    {Vector, _} = lists:foldl(fun line/2, {#{}, none}, Lines),
    Vector.

line([$\s | _] = More, {Vector, Key}) ->
    {maps:update_with(Key, fun(Value) -> Value ++ [$\n | More] end, Vector), Key};
line(Line, {Vector, _}) ->
    [Key, Value] = string:split(Line, ": "),
    {Vector#{Key => Value}, Key}.

parse(Text) ->
    {ok, Tokens, _} = erl_scan:string(Text ++ "."),
    {ok, [Expression]} = erl_parse:parse_exprs(Tokens),
    {value, Term, _} = erl_eval:expr(Expression, [], {value, fun local/2}),
    Term.

local(pid, [Node, Id, Serial, Creation]) ->
    Name = atom_to_binary(Node),
    binary_to_term(<<131, 88, 119, (byte_size(Name)), Name/binary, Id:32, Serial:32, Creation:32>>);
local(ref, [Node, Creation, Ids]) ->
    Name = atom_to_binary(Node),
    Words = << <<Id:32>> || Id <- Ids >>,
    binary_to_term(<<131, 90, (length(Ids)):16, 119, (byte_size(Name)), Name/binary, Creation:32, Words/binary>>).
