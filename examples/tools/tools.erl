#!/usr/bin/env escript
%% A fun that the model calls before it answers. The demo model would not think of it by itself: `tool_choice' makes it,
%% which a larger model does not need.
main(_) ->
    {ok, Llama} = llama_node:start_link(#{}),
    Weather = #{
        name => get_weather,
        description => "The weather in a city",
        parameters => #{type => object, required => [city],
                        properties => #{city => #{enum => [<<"Oslo">>, <<"Lima">>]}}},
        function => fun (#{<<"city">> := City}) ->
            io:format("get_weather is called for ~ts~n", [City]),
            {ok, #{city => City, degrees => 21, sky => clear}}
        end},
    {ok, #{content := Answer, messages := Messages}} =
        llama_node:chat_tools(Llama, "What is the weather in Oslo?", [Weather],
                              #{tool_choice => required, parallel_tool_calls => false, max_tokens => 60, seed => 1}),
    [io:format("~ts: ~tp~n", [Role, maps:without([role], Message)]) || #{role := Role} = Message <- Messages],
    io:format("the answer: ~ts~n", [Answer]),
    ok = llama_node:destroy_server(Llama).
