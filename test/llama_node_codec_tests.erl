%% Reading is the inverse of writing, for random values: JSON, the frames of the port, the spellings of start options.
%% Each round has a seed of its own, which a failure names.
-module(llama_node_codec_tests).
-define(EUNIT_NOAUTO, true).
-include_lib("eunit/include/eunit.hrl").
-export([json_round_trip_test/0, json_of_any_spelling_test/0, json_that_is_cut_test/0, json_that_is_spoiled_test/0,
         frames_round_trip_test/0, frames_that_are_cut_test/0, frames_that_are_spoiled_test/0,
         commands_round_trip_test/0, spellings_of_options_test/0, hidden_options_test/0]).

-define(ROUNDS, 300).

%% JSON

-spec json_round_trip_test() -> ok.
json_round_trip_test() ->
    rounds(fun () ->
        Value = json(4),
        {ok, Tree} = llama_node_json:decode(llama_node_json:encode(Value, fun no_other/2)),
        ?assertEqual(Value, llama_node_json:plain(Tree))
    end).

%% Blanks anywhere, escapes in the place of characters, keys in any order.
-spec json_of_any_spelling_test() -> ok.
json_of_any_spelling_test() ->
    rounds(fun () ->
        Value = json(4),
        {ok, Tree} = llama_node_json:decode(unicode:characters_to_binary([blank(), spelled(Value), blank()])),
        ?assertEqual(Value, llama_node_json:plain(Tree))
    end).

%% No beginning of an object or an array is taken for the whole; the fault stands within the text or at its end.
-spec json_that_is_cut_test() -> ok.
json_that_is_cut_test() ->
    rounds(fun () ->
        Text = llama_node_json:encode(one_of([[json(3), json(2)], #{text() => json(3)}]), fun no_other/2),
        Cut = binary:part(Text, 0, rand:uniform(byte_size(Text)) - 1),
        {error, _, {Line, Column}} = llama_node_json:decode(Cut),
        ?assert(Line =:= 1 andalso Column =< byte_size(Cut) + 1)
    end).

%% Another byte somewhere makes another value or a fault with its place, and what is read can be written again.
-spec json_that_is_spoiled_test() -> ok.
json_that_is_spoiled_test() ->
    rounds(fun () ->
        Text = spoiled(llama_node_json:encode(json(4), fun no_other/2)),
        case llama_node_json:decode(Text) of
            {ok, Tree} ->
                Value = llama_node_json:plain(Tree),
                {ok, Again} = llama_node_json:decode(llama_node_json:encode(Value, fun no_other/2)),
                ?assertEqual(Value, llama_node_json:plain(Again));
            {error, Why, {Line, Column}} ->
                ?assert(is_binary(iolist_to_binary(Why)) andalso Line > 0 andalso Column > 0)
        end
    end).

-spec no_other(iodata(), term()) -> no_return().
no_other(Place, Term) -> error({no_json, iolist_to_binary(Place), Term}).

json(0) -> one_of([true, false, null, integer(), real(), text(), [], #{}]);
json(Depth) ->
    case rand:uniform(3) of
        1 -> [json(Depth - 1) || _ <- some(4)];
        2 -> maps:from_list([{text(), json(Depth - 1)} || _ <- some(4)]);
        3 -> json(0)
    end.

%% What JSON allows for a value, chosen at random.
spelled(Map) when is_map(Map) ->
    Members = [[blank(), spelled(Key), blank(), $:, blank(), spelled(Value), blank()]
               || {Key, Value} <- shuffled(maps:to_list(Map))],
    [${, lists:join($,, Members), blank_if(Members), $}];
spelled(List) when is_list(List) ->
    Items = [[blank(), spelled(Item), blank()] || Item <- List],
    [$[, lists:join($,, Items), blank_if(Items), $]];
spelled(Text) when is_binary(Text) ->
    [$", [character(C) || C <- unicode:characters_to_list(Text)], $"];
spelled(Float) when is_float(Float) ->
    (one_of([fun string:lowercase/1, fun string:uppercase/1]))(io_lib:format("~.17e", [Float]));
spelled(Integer) when is_integer(Integer) -> integer_to_binary(Integer);
spelled(Atom) -> atom_to_binary(Atom).

%% Where nothing else is in between the brackets.
blank_if([]) -> blank();
blank_if(_) -> "".

character(C) ->
    case rand:uniform(4) of
        1 when C < 16#10000 -> escape(C);
        1 -> [escape(16#d800 + ((C - 16#10000) bsr 10)), escape(16#dc00 + ((C - 16#10000) band 16#3ff))];
        _ when C =:= $"; C =:= $\\ -> [$\\, C];
        _ when C =:= $/ -> "\\/";
        _ when C =:= $\n -> "\\n";
        _ when C =:= $\t -> "\\t";
        _ when C =:= $\b -> "\\b";
        _ when C =:= $\f -> "\\f";
        _ when C =:= $\r -> "\\r";
        _ when C < 16#20 -> escape(C);
        _ -> C
    end.

escape(Unit) -> io_lib:format(one_of(["\\u~4.16.0b", "\\u~4.16.0B"]), [Unit]).

blank() -> [one_of(" \n\r\t") || _ <- some(2)].

%% Frames of the port

-spec frames_round_trip_test() -> ok.
frames_round_trip_test() ->
    rounds(fun () ->
        Frame = frame(),
        ?assertEqual({ok, Frame}, llama_node_port:decode(term_to_binary(Frame, [{minor_version, one_of([1, 2])}])))
    end).

-spec frames_that_are_cut_test() -> ok.
frames_that_are_cut_test() ->
    rounds(fun () ->
        Frame = term_to_binary(frame()),
        Cut = binary:part(Frame, 0, rand:uniform(byte_size(Frame)) - 1),
        ?assertEqual({error, malformed}, llama_node_port:decode(Cut)),
        ?assertEqual({error, malformed}, llama_node_port:decode(<<Frame/binary, (text())/binary, 0>>))
    end).

%% Whatever comes is a frame, a term that is none, or malformed; and no atom is made of it.
-spec frames_that_are_spoiled_test() -> ok.
frames_that_are_spoiled_test() ->
    Atoms = fun () -> erlang:system_info(atom_count) end,
    rounds(fun () ->
        Frame = spoiled(term_to_binary(frame())),
        Before = Atoms(),
        ?assertMatch({Kind, _} when Kind =:= ok; Kind =:= unknown; Kind =:= error, llama_node_port:decode(Frame)),
        ?assertEqual(Before, Atoms())
    end).

-spec commands_round_trip_test() -> ok.
commands_round_trip_test() ->
    rounds(fun () ->
        Command = one_of([stop, {config, 1, maps:from_list([{binary_to_atom(Key), json(2)} || Key <- keys()])}]),
        ?assertEqual(Command, binary_to_term(iolist_to_binary(llama_node_port:encode(Command))))
    end).

frame() ->
    case rand:uniform(4) of
        1 -> {log, one_of([debug, info, warning, error]), text(), text()};
        2 -> {progress, text(), rand:uniform()};
        3 -> {ready, #{node => node(), os_pid => integer(), version => text(), models => [text() || _ <- some(3)]}};
        4 -> {failed, {one_of(llama_node_error:codes()), text()}}
    end.

%% Start options

%% Keys and words as atoms, binaries and strings, in a map or a proplist, in any order, mean the same.
-spec spellings_of_options_test() -> ok.
spellings_of_options_test() ->
    rounds(fun () ->
        Options = options(),
        Spelled = [{spelling(Key), case is_atom(Value) of true -> spelling(Value); false -> Value end}
                   || {Key, Value} <- shuffled(maps:to_list(Options))],
        Expected = llama_node_options:new(Options),
        ?assertMatch({ok, #{server := _, config := _}}, Expected),
        ?assertEqual(Expected, llama_node_options:new(Spelled)),
        ?assertEqual(Expected, llama_node_options:new(maps:from_list(Spelled)))
    end).

%% What a child specification hides comes out again where the node is launched.
-spec hidden_options_test() -> ok.
hidden_options_test() ->
    rounds(fun () ->
        Secrets = [{cookie, letters()}, {java_opts, <<"-D", (letters())/binary>>},
                   {env, #{letters() => letters(), "OTHER" => false}}],
        Chosen = maps:from_list([Secret || Secret <- Secrets, rand:uniform(2) =:= 1]),
        Options = maps:merge((options())#{transport => distribution}, Chosen),
        {ok, Plain} = llama_node_options:new(Options),
        {ok, Hidden} = llama_node_options:new(llama_node_options:wrap(Options)),
        ?assertEqual(revealed(Plain), revealed(Hidden)),
        ?assertEqual(revealed(Plain), revealed(llama_node_options:hide(Plain)))
    end).

revealed(#{env := Env} = Options) ->
    Cookie = maps:map(fun (_, Secret) -> llama_node_secret:reveal(Secret) end, maps:with([cookie], Options)),
    maps:merge(Options#{env := [{Name, llama_node_secret:reveal(Value)} || {Name, Value} <- Env]}, Cookie).

options() ->
    Known = [{Key, Check} || #{key := Key, check := Check} = Option <- llama_node_option_table:all(),
                             not is_map_key(only, Option), Key =/= default, is_simple(Check)],
    Chosen = [{Key, fitting(Check)} || {Key, Check} <- Known, rand:uniform(3) =:= 1],
    in_step(served(maps:from_list([{model, <<"/a.gguf">>} | Chosen]))).

%% What says how to reach a server goes with that engine.
served(Options) ->
    Keys = [Key || #{key := Key} <- llama_node_option_table:remote(), Key =/= engine],
    case maps:with(Keys, Options) of
        None when None =:= #{} -> Options;
        _ -> Options#{engine => llama_server}
    end.

%% Nobody asks less often than it gives up.
in_step(#{pulse_interval := _} = Options) ->
    case llama_node_pulse:check(Options) of
        ok -> Options;
        _ -> maps:remove(pulse_interval, Options)
    end;
in_step(Options) ->
    Options.

is_simple({integer, _, _}) -> true;
is_simple({enum, _}) -> true;
is_simple(Check) -> lists:member(Check, [boolean, timeout]).

fitting({integer, Min, Max}) -> one_of([Min, Max, Min + rand:uniform(Max - Min)]);
fitting({enum, Words}) -> one_of(Words -- [fake]);
fitting(boolean) -> one_of([true, false]);
fitting(timeout) -> one_of([infinity, rand:uniform(1000)]).

spelling(Boolean) when is_boolean(Boolean) -> Boolean;
spelling(Atom) -> one_of([Atom, atom_to_binary(Atom), atom_to_list(Atom)]).

%% Random values

%% A failure names the round's seed, with which it comes again.
rounds(Test) ->
    lists:foreach(
        fun (Seed) ->
            _ = rand:seed(exsss, Seed),
            try
                Test()
            catch
                Class:Reason:Stacktrace -> erlang:raise(Class, {seed, Seed, Reason}, Stacktrace)
            end
        end, lists:seq(1, ?ROUNDS)).

one_of(Values) -> lists:nth(rand:uniform(length(Values)), Values).

%% So many times, from none to `Most'.
some(Most) -> lists:seq(1, rand:uniform(Most + 1) - 1).

shuffled(Values) -> [Value || {_, Value} <- lists:sort([{rand:uniform(), Value} || Value <- Values])].

integer() -> one_of([0, -1, 1 bsl 62, -(1 bsl 200), rand:uniform(1000), -rand:uniform(1 bsl 40)]).

real() -> one_of([0.0, 1.0e300, -1.0e-300, 0.1, rand:uniform(), -1.0e6 * rand:uniform(), 1.0e22]).

text() -> << <<(code_point())/utf8>> || _ <- some(8) >>.

code_point() ->
    case rand:uniform(5) of
        1 -> one_of("\"\\/{}[],:\n\t\b\f\r\0\x1f\x7f");
        2 -> 16#80 + rand:uniform(16#700);
        3 -> one_of([16#d7ff, 16#e000, 16#fffd, 16#ffff, 16#10000, 16#1f600, 16#10ffff]);
        _ -> $\s + rand:uniform(90)
    end.

letters() -> << <<($a + rand:uniform(26) - 1)>> || _ <- lists:seq(1, 6) >>.

keys() -> [one_of([<<"node_name">>, <<"cookie">>, <<"models">>, <<"bind">>]) || _ <- some(4)].

%% With another byte at one place.
spoiled(Bytes) ->
    At = rand:uniform(byte_size(Bytes)) - 1,
    <<Before:At/binary, _, After/binary>> = Bytes,
    <<Before/binary, (rand:uniform(256) - 1), After/binary>>.
