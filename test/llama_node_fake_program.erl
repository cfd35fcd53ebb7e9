%% A program that speaks docs/protocol.md without a model: a BEAM of its own, launched like the Java
%% node, with frames on its standard streams and a mailbox called llama_node, reached over either
%% transport. What it does wrong is chosen by LLAMA_NODE_FAKE. Tests of the client use it to provoke,
%% one by one, failures that a sound node never shows.
-module(llama_node_fake_program).
-behaviour(gen_server).

-export([launcher/1, env/1]).
-export([main/0]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2]).

%% Writes a launch script into Dir.
-spec launcher(file:filename()) -> file:filename().
launcher(Dir) ->
    Ebin = filename:dirname(code:which(?MODULE)),
    llama_node_ct:script(filename:join(Dir, "fake-node"),
                         ["exec erl -noinput -hidden -pa '", Ebin, "' -s ", ?MODULE_STRING, " main"]).

%% The environment that chooses a behaviour.
-spec env(atom()) -> [{string(), string()}].
env(Behaviour) ->
    [{"LLAMA_NODE_FAKE", atom_to_list(Behaviour)}].

%% Entry point of the launched BEAM.
-spec main() -> no_return().
main() ->
    Behaviour = list_to_atom(os:getenv("LLAMA_NODE_FAKE", "normal")),
    Port = open_port({fd, 0, 1}, [{packet, 4}, binary, eof]),
    receive
        {Port, {data, Data}} ->
            {config, 1, Config} = binary_to_term(Data),
            behave(Behaviour, Port, Config)
    end,
    wait(Behaviour, Port).

behave(never_ready, _Port, _Config) ->
    ok;
behave(failed, Port, _Config) ->
    say(Port, {failed, {model_load_failed, <<"models[0].path: no such file">>}}),
    end_with(1);
behave(wrong_name, Port, _Config) ->
    say(Port, {ready, #{node => node(), os_pid => 1, version => <<"0">>, models => []}});
behave(not_connectable, Port, #{node_name := Node}) ->
    say(Port, {ready, #{node => Node, os_pid => 1, version => <<"0">>, models => []}});
behave(warns, Port, Config) ->
    say(Port, {log, warning, <<"fake">>, <<"a warning of the node">>}),
    say(Port, {log, info, <<"fake">>, <<"news of the node">>}),
    say(Port, {log, debug, <<"fake">>, <<"chatter of the node">>}),
    behave(ignores_stop, Port, Config);
behave(huge_frames, Port, Config) ->
    say(Port, {log, info, <<"fake">>, binary:copy(<<"x">>, 32 bsl 20)}),
    say(Port, {surprise, binary:copy(<<"y">>, 8 bsl 20)}),
    behave(normal, Port, Config);
behave(too_large_frame, Port, _Config) ->
    say(Port, {log, info, <<"fake">>, binary:copy(<<"x">>, 65 bsl 20)});
behave(compressed_frame, Port, _Config) ->
    true = port_command(Port, term_to_binary(binary:copy(<<"x">>, 1 bsl 20), [compressed]));
behave(malformed_frame, Port, _Config) ->
    true = port_command(Port, <<131, 104, 255>>);
behave(unknown_atom, Port, _Config) ->
    true = port_command(Port, <<131, 119, 22, "an_atom_nobody_knows_x">>);
behave(malformed_later, Port, Config) ->
    behave(normal, Port, Config),
    register(fake_port, Port);
behave(progress, Port, Config) ->
    [say(Port, {progress, <<"m.gguf">>, N / 16}) || N <- lists:seq(0, 16)],
    behave(normal, Port, Config);
behave(_Normal, Port, #{transport := port} = Config) ->
    ok = persistent_term:put(?MODULE, Port),
    {ok, _} = gen_server:start({local, llama_node}, ?MODULE, Config, []),
    say(Port, {ready, #{node => node(), os_pid => list_to_integer(os:getpid()), version => <<"0">>,
                        models => [<<"fake">>]}});
behave(_Normal, Port, #{node_name := Node, cookie := Cookie} = Config) ->
    %% Modes that misbehave later start like a sound node.
    NameType = case lists:member($., atom_to_list(Node)) of
        true -> longnames;
        false -> shortnames
    end,
    {ok, _} = net_kernel:start([Node, NameType]),
    true = erlang:set_cookie(binary_to_atom(Cookie)),
    {ok, _} = gen_server:start({local, llama_node}, ?MODULE, Config, []),
    say(Port, {log, info, <<"fake">>, <<"started">>}),
    say(Port, {ready, #{node => Node, os_pid => list_to_integer(os:getpid()), version => <<"0">>,
                        models => [<<"fake">>]}}).

wait(Behaviour, Port) ->
    receive
        {Port, {data, Data}} ->
            case {Behaviour, binary_to_term(Data)} of
                {Deaf, stop} when Deaf =:= ignores_stop; Deaf =:= warns -> wait(Behaviour, Port);
                {_, stop} -> end_with(0);
                {_, {'$gen_call', From, Request}} ->
                    llama_node ! {'$gen_call', {self(), {over_the_port, From}}, Request},
                    wait(Behaviour, Port);
                {_, {'$gen_cast', _} = Cast} -> llama_node ! Cast, wait(Behaviour, Port);
                {_, {'$gen_cast', _Sender, Request}} -> llama_node ! {'$gen_cast', Request}, wait(Behaviour, Port);
                {_, {Kind, _}} when Kind =:= ack; Kind =:= down -> wait(Behaviour, Port)
            end;
        {{over_the_port, {_, [alias | Alias] = Tag}}, Reply} ->
            say(Port, {send, Alias, {Tag, Reply}}),
            wait(Behaviour, Port);
        {{over_the_port, {Pid, Tag}}, Reply} ->
            say(Port, {send, Pid, {Tag, Reply}}),
            wait(Behaviour, Port);
        {Port, eof} ->
            end_with(0)
    end.

say(Port, Frame) ->
    true = port_command(Port, term_to_binary(Frame)),
    ok.

%% At once, as a program that dies: no orderly shutdown of this BEAM.
-spec end_with(non_neg_integer()) -> no_return().
end_with(Status) ->
    erlang:halt(Status, [{flush, true}]).

%% The mailbox. Prompts are commands: what is answered is the number of chunks that was asked for.

-spec init(map()) -> {ok, map()}.
init(Config) ->
    {ok, #{config => Config, next => 1, streams => #{}, notes => []}}.

-spec handle_call(term(), gen_server:from(), map()) ->
    {reply, term(), map()} | {noreply, map()}.
handle_call(ping, _From, State) ->
    {reply, pong, State};
handle_call(get_status, _From, #{config := Config, streams := Streams} = State) ->
    {reply, {ok, #{state => ready, node => node(), models => maps:get(models, Config, []),
                   config => Config, tasks_running => maps:size(Streams)}}, State};
handle_call(notes, _From, #{notes := Notes} = State) ->
    {reply, {ok, lists:reverse(Notes)}, State};
handle_call({note, Note, _Ballast}, _From, #{notes := Notes} = State) ->
    {reply, ok, State#{notes := [Note | Notes]}};
handle_call({create_session, Config}, {_, {over_the_port, From}}, State) ->
    handle_call({create_session, Config}, From, State);
handle_call({create_session, _}, {Pid, _}, #{next := Id} = State) ->
    {reply, {ok, Id}, State#{next := Id + 1, owner => Pid}};
handle_call({get_session_info, Id}, _From, State) ->
    {reply, {ok, #{id => Id, owner => maps:get(owner, State, undefined)}}, State};
handle_call({stream, _Session, _Type, #{prompt := refuse}, _Sink}, _From, State) ->
    {reply, {error, {server_busy, <<"refused">>}}, State};
%% As many tokens as this take for ever: also what an endless task of a real node looks like.
handle_call({stream, Session, Type, #{n_predict := Endless}, Sink}, From, State) when Endless > 1 bsl 20 ->
    handle_call({stream, Session, Type, #{prompt => hang, n_predict => 2}, Sink}, From, State);
handle_call({create_task, _Session, _Type, _Input}, _From, #{next := Id} = State) ->
    {reply, {ok, Id}, State#{next := Id + 1}};
handle_call({stream, _Session, _Type, Input, Sink}, From, #{next := Id, streams := Streams} = State) ->
    gen_server:reply(From, {ok, Id}),
    Count = maps:get(n_predict, Input),
    [chunk(Sink, Id, Index) || Index <- lists:seq(0, Count - 1)],
    Running = State#{next := Id + 1, streams := Streams#{Id => Sink}},
    case Input of
        #{prompt := hang} ->
            {noreply, Running};
        #{prompt := die} ->
            end_with(9);
        %% The narrowest of windows: the consumer knows of the end, the watcher does not.
        #{prompt := end_untold} ->
            terminal(Sink, {llama_node, Id, {done, result(Id, Count)}}),
            {noreply, Running};
        _ ->
            {noreply, finish(Id, {done, result(Id, Count)}, Running)}
    end;
handle_call({cancel_task, Id}, _From, #{streams := Streams} = State) when is_map_key(Id, Streams) ->
    {reply, ok, finish(Id, {error, {cancelled, <<"cancelled">>}}, State)};
handle_call({cancel_task, _}, _From, State) ->
    {reply, {error, {task_not_found, <<"no such task">>}}, State};
handle_call({get_result, _, _}, _From, State) ->
    {noreply, State};
handle_call({run, completion, #{prompt := <<"hang">>}}, _From, State) ->
    {noreply, State};
%% Answers a moment after the caller has given up: when the caller says so.
handle_call({run, completion, #{prompt := <<"late">>}}, From, State) ->
    {noreply, State#{late => From}};
handle_call({run, completion, #{prompt := <<"answer the late one">>}}, _From, #{late := Late} = State) ->
    gen_server:reply(Late, {ok, too_late}),
    {reply, {ok, done}, State};
handle_call({run, completion, #{prompt := <<"say garbage">>}}, _From, State) ->
    true = port_command(whereis(fake_port), <<1, 2, 3>>),
    {reply, {ok, said}, State};
handle_call({run, completion, #{prompt := <<"exit">>, n_predict := Status}}, _From, _State) ->
    end_with(Status);
handle_call(Request, _From, State) ->
    {reply, {ok, Request}, State}.

-spec handle_cast(term(), map()) -> {noreply, map()}.
handle_cast({note, Note, _Ballast}, #{notes := Notes} = State) ->
    {noreply, State#{notes := [Note | Notes]}};
handle_cast(_, State) ->
    {noreply, State}.

-spec handle_info(term(), map()) -> {noreply, map()}.
handle_info(_, State) ->
    {noreply, State}.

chunk({Pid, _, _}, Id, Index) -> chunk(Pid, Id, Index);
chunk(Pid, Id, Index) ->
    deliver(Pid, {llama_node, Id, {chunk, #{content => integer_to_binary(Index), index => Index}}}).

finish(Id, Event, #{streams := Streams} = State) ->
    {Sink, Rest} = maps:take(Id, Streams),
    terminal(Sink, {llama_node, Id, Event}),
    ended(Sink),
    State#{streams := Rest}.

terminal({_, Alias, _}, Message) -> deliver(Alias, Message);
terminal(Pid, Message) -> deliver(Pid, Message).

ended({_, Alias, Watcher}) -> deliver(Watcher, {llama_node_ended, Alias});
ended(_) -> ok.

deliver(To, Message) ->
    case persistent_term:get(?MODULE, none) of
        none -> To ! Message;
        Port -> say(Port, {send, To, Message})
    end.

result(Id, Count) ->
    Usage = #{prompt_tokens => 1, completion_tokens => Count, total_tokens => Count + 1, cached_tokens => 0},
    #{content => <<>>, finish_reason => stop, usage => Usage, model => <<"fake">>, task_id => Id}.
