%% The table of start options, and what must say the same: the type, its description, the README.
-module(llama_node_options_tests).

-include_lib("eunit/include/eunit.hrl").

%% What the source of llama_node_options should hold, to be pasted there when the table has changed.
-export([rendered/0]).

-define(WIDTH, 120).

type_of_the_table_test() ->
    ?assertEqual(words(type()), words(in_source("-type start_options() ::", "%% Options of {@link llama_node:start"))).

description_of_the_table_test() ->
    ?assertEqual(words(description()),
                 words(in_source("%% Options of {@link llama_node:start_link/1}", "-type attach_options()"))).

attach_options_of_the_table_test() ->
    ?assertEqual(words(attach_description()),
                 words(in_source("%% Options of {@link llama_node:connect/2}", "-type options()"))).

keys_are_stated_once_test() ->
    Keys = [Key || #{key := Key} <- llama_node_option_table:all()],
    ?assertEqual(lists:sort(Keys), lists:usort(Keys)).

%% A row may name several options, with as many defaults.
rows_of_the_readme_test() ->
    {ok, Readme} = file:read_file(filename:join(root(), "README.md")),
    [_, Section] = string:split(Readme, "## Configuration"),
    [Table, _] = string:split(Section, "\n\nGeneration options"),
    Rows = [[string:trim(Cell) || Cell <- string:split(string:trim(Row, both, "| "), " | ", all)]
            || Row <- string:split(Table, "\n", all), string:prefix(Row, "| `") =/= nomatch],
    ?assert(length(Rows) > 10),
    [begin
         Keys = [string:trim(Key, both, "`") || Key <- string:split(Names, ", ", all)],
         Split = string:split(Defaults, ", ", all),
         Shown = case length(Split) =:= length(Keys) of true -> Split; false -> [Defaults || _ <- Keys] end,
         [?assertEqual({Key, default(Key)}, {Key, unquoted(Default)}) || {Key, Default} <- lists:zip(Keys, Shown),
                                                                       lists:member(Key, exact())]
     end || [Names, Defaults | _] <- Rows],
    Named = lists:append([[string:trim(Key, both, "`") || Key <- string:split(Names, ", ", all)]
                          || [Names | _] <- Rows]),
    Known = [atom_to_binary(Key) || #{key := Key} <- llama_node_option_table:all()],
    ?assertEqual([], Named -- Known).

%% Options whose default is a plain value, which both tables can say in the same words.
exact() ->
    [atom_to_binary(Key) || #{key := Key, default := Default} <- llama_node_option_table:all(),
                            is_tuple(Default) orelse re:run(Default, "^`?[a-z0-9]+'?$") =/= nomatch].

default(Key) ->
    [Default] = [Default || #{key := Known, default := Default} <- llama_node_option_table:all(),
                            atom_to_binary(Known) =:= Key],
    unquoted(unicode:characters_to_binary(shown(Default))).

unquoted(Text) -> string:trim(unicode:characters_to_binary(Text), both, "`'").

%% The node's own table: what it takes is what is taken here.
defaults_are_applied_test() ->
    {ok, #{server := Server}} = llama_node_options:new(#{}),
    [?assertEqual({Key, Value}, {Key, maps:get(Key, Server)})
     || #{key := Key, default := {value, Value}} <- llama_node_option_table:all()].

%% Rendering

rendered() ->
    io:format("~ts~n~ts~n~ts~n", [type(), description(), attach_description()]).

type() ->
    Fields = [io_lib:format("        ~s => ~s", [Key, type(Option)])
              || #{key := Key} = Option <- llama_node_option_table:all()],
    ["-type start_options() ::\n    #{\n", lists:join(",\n", Fields),
     ",\n        llama_node_defaults:key() => term()",
     "\n    }\n    | #{binary() | string() => term()}\n    | [atom() | {text(), term()}]\n"
     "    | binary() | undefined | nil | null.\n"].

type(#{secret := true, check := env}) ->
    "llama_node_secret:secret([{text(), variable()}] | #{text() => variable()})";
type(#{secret := true, check := Check}) -> ["llama_node_secret:secret(", spec(Check), ")"];
type(#{check := Check}) -> spec(Check).

spec({integer, 1, Max}) when Max >= 16#7fffffff -> "pos_integer()";
spec({integer, 0, Max}) when Max >= 16#7fffffff -> "non_neg_integer()";
spec({integer, -1, Max}) when Max >= 16#7fffffff -> "-1 | non_neg_integer()";
spec({integer, Min, Max}) -> io_lib:format("~b..~b", [Min, Max]);
spec({number, _, _}) -> "number()";
spec({enum, Names}) -> lists:join(" | ", [atom_to_list(Name) || Name <- Names] ++ ["binary()", "string()"]);
spec(boolean) -> "boolean()";
spec({switch, Word}) -> io_lib:format("boolean() | ~s | binary() | string()", [Word]);
spec({timeout, _}) -> "timeout()";
spec(secret_text) -> "text() | {file, text()}";
spec(headers) -> "#{text() => text()}";
spec(urls) -> "[text()]";
spec(command) -> "[text(), ...]";
spec(Text) when Text =:= text; Text =:= path; Text =:= model; Text =:= library; Text =:= cookie -> "text()";
spec(url) -> "text()";
spec(template) -> "text() | #{text() => text()}";
spec(models) -> "[llama_node:input()]";
spec(tls) -> "llama_node:input()";
spec(server_name) -> "atom() | {local, atom()} | {global, term()} | {via, module(), term()}";
spec(restarts) -> "{Count :: non_neg_integer(), Seconds :: pos_integer()}";
spec(progress) -> "pid() | fun((Path :: binary(), Fraction :: float()) -> term())";
spec(script) -> "llama_node_fake:script()";
spec(replies) -> "#{atom() => term()}";
spec(flags) -> "text() | [text()]".

description() ->
    ["%% Options of {@link llama_node:start_link/1}: a map, a proplist, a binary with a JSON object, or nothing. Keys "
     "may be\n%% atoms, binaries or strings. A key that is not given, or is `undefined', `nil' or `null', has its "
     "default; any\n"
     "%% other key is refused by name. In JSON a name is a text.\n%%\n",
     [["%% ", Title, "\n%% <ul>\n", [item(Option) || #{part := Part} = Option <- llama_node_option_table:all(),
                                                     lists:member(Part, Parts)], "%% </ul>\n", Behind]
      || {Title, Parts, Behind} <- [{"The model, as in `ModelConfig' of docs/protocol.md:", [models, model], for_all()},
                            {"The service:", [node], []},
                            {"The server process and the launch:", [server, launch], []}]]].

for_all() ->
    "%% Where these stand beside `models', but for `id', `default' and `stand_in', they hold for every model whose "
    "own\n%% configuration does not say otherwise, also for one that is loaded later. So does what its tasks get that "
    "do not say:\n%% `temperature', `max_tokens', `stop', `system_prompt' and the other keys of "
    "{@link llama_node_defaults}.\n%%\n".

attach_description() ->
    ["%% Options of {@link llama_node:connect/2}.\n%% <ul>\n",
     [item(Option) || Option <- llama_node_option_table:attach()], "%% </ul>\n"].

item(#{key := Key, default := Default, text := Text}) ->
    Line = io_lib:format("<li>`~s': ~ts. Default: ~ts.</li>", [Key, Text, shown(Default)]),
    wrapped(string:lexemes(lists:flatten(Line), " "), "%%").

shown({value, Value}) when is_atom(Value) -> io_lib:format("`~p'", [Value]);
shown({value, Value}) -> io_lib:format("~p", [Value]);
shown(Words) -> Words.

wrapped([], Line) -> [Line, $\n];
wrapped([Word | Words], Line) when length(Line) + length(Word) + 1 > ?WIDTH ->
    [Line, $\n, wrapped([Word | Words], "%%    ")];
wrapped([Word | Words], Line) -> wrapped(Words, Line ++ " " ++ Word).

%% Reading

in_source(From, To) ->
    {ok, Source} = file:read_file(filename:join([root(), "erlang", "llama_node_options.erl"])),
    [_, Rest] = string:split(Source, From),
    [Part, _] = string:split(Rest, To),
    [From, Part].

%% Line breaks do not count.
words(Text) -> string:lexemes(unicode:characters_to_list(Text), " \n%").

root() -> llama_node_ct:root().
