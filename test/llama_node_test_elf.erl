%% Libraries for tests that need broken ones.
-module(llama_node_test_elf).

-export([aborting/0]).

%% A library whose initialization sends the process that loads it a SIGABRT, as a failed assertion does. For x86-64
%% only.
-spec aborting() -> {ok, binary()} | {skip, string()}.
aborting() ->
    case erlang:system_info(system_architecture) of
        "x86_64" ++ _ -> {ok, library()};
        Other -> {skip, "no machine code for " ++ Other}
    end.

%% Header, three program headers (loaded, dynamic, stack), dynamic section, symbols, strings, hash, code.
library() ->
    Dynamic = 64 + 3 * 56,
    Symbols = Dynamic + 7 * 16,
    Strings = Symbols + 24,
    Hash = Strings + 8,
    Code = Hash + 16,
    Size = Code + byte_size(code()),
    iolist_to_binary([
        <<16#7f, "ELF", 2, 1, 1, 0:72, 3:16/little, 62:16/little, 1:32/little, 0:64, 64:64/little, 0:64, 0:32,
          64:16/little, 56:16/little, 3:16/little, 64:16/little, 0:16, 0:16>>,
        segment(1, 7, 0, Size, 16#1000),
        segment(2, 6, Dynamic, Symbols - Dynamic, 8),
        segment(16#6474e551, 6, 0, 0, 16),
        [<<Tag:64/little, Value:64/little>>
         || {Tag, Value} <- [{4, Hash}, {5, Strings}, {6, Symbols}, {10, 8}, {11, 24}, {12, Code}, {0, 0}]],
        <<0:192>>, <<0:64>>, <<1:32/little, 1:32/little, 0:64>>, code()]).

segment(Type, Flags, Offset, Size, Align) ->
    <<Type:32/little, Flags:32/little, Offset:64/little, Offset:64/little, Offset:64/little, Size:64/little,
      Size:64/little, Align:64/little>>.

%% kill(getpid(), SIGABRT)
code() ->
    <<16#b8, 39:32/little, 16#0f05:16, 16#89c7:16, 16#be, 6:32/little, 16#b8, 62:32/little, 16#0f05:16, 16#c3>>.
