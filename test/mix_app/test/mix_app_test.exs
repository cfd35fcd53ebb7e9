defmodule MixAppTest do
  use ExUnit.Case

  test "needs no distribution" do
    assert node() == :nonode@nohost
    assert {:ok, %{node: :nonode@nohost}} = :llama_node.get_status(MixApp.Llama)
  end

  test "answers a question" do
    assert {:ok, answer} = MixApp.ask("What is Erlang?")
    assert answer =~ "language"
  end

  test "streams an answer piece by piece" do
    pieces = MixApp.stream("What is Erlang?") |> Enum.to_list()
    assert length(pieces) > 5
    assert {:ok, Enum.join(pieces)} == MixApp.ask("What is Erlang?")
  end

  test "a consumer that stops early frees its slot" do
    assert [_] = MixApp.stream("Tell me a short story.") |> Enum.take(1)
    {:ok, status} = :llama_node.get_status(MixApp.Llama)
    assert status.tasks_running == 0
    assert status.sessions == 0
  end

  test "a consumer that takes its time holds up nobody" do
    pieces = MixApp.stream("Tell me a short story.")

    slow =
      Enum.reduce_while(pieces, 0, fn _piece, count ->
        assert {:ok, _} = MixApp.ask("What is Erlang?")
        if count < 3, do: {:cont, count + 1}, else: {:halt, count}
      end)

    assert slow == 3
    refute_received _
  end

  test "an enumeration can be transformed and is read once for each use" do
    answer = MixApp.stream("What is Erlang?") |> Stream.map(&String.upcase/1) |> Enum.join()
    assert answer =~ "LANGUAGE"
    assert MixApp.stream("What is Erlang?") |> Stream.zip(1..3) |> Enum.count() == 3
    refute_received _
  end

  test "errors are tagged tuples" do
    assert {:error, {:invalid_argument, message}} =
             :llama_node.chat(MixApp.Llama, "Hi", %{top_p: 7})

    assert message =~ "top_p"
  end

  test "the supervisor brings a killed node back with its model" do
    [{_, server, _, _}] = Supervisor.which_children(MixApp.Supervisor)
    monitor = Process.monitor(server)
    Process.exit(server, :kill)
    assert_receive {:DOWN, ^monitor, :process, _, _}, 30_000
    assert {:ok, _} = eventually(fn -> MixApp.ask("What is Erlang?") end)
    assert [{_, other, _, _}] = Supervisor.which_children(MixApp.Supervisor)
    assert other != server
  end

  # The name is free for a moment while the supervisor starts the next server.
  defp eventually(fun, tries \\ 50) do
    case fun.() do
      {:error, {:node_down, _}} when tries > 0 ->
        Process.sleep(100)
        eventually(fun, tries - 1)

      result ->
        result
    end
  end
end
