%% What several suites assert.

%% The call is refused with that code, and in words.
-define(CODE(Code, Call), ?assertMatch({error, {Code, <<_, _/binary>>}}, Call)).
