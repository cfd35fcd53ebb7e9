defmodule MixAppTest do
  use ExUnit.Case

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

  test "errors are tagged tuples" do
    assert {:error, {:invalid_argument, message}} =
             :llama_node.chat(MixApp.Llama, "Hi", %{top_p: 7})

    assert message =~ "top_p"
  end

  test "the supervisor brings a killed node back with its model" do
    {:ok, %{node: node}} = :llama_node.get_status(MixApp.Llama)
    [{_, server, _, _}] = Supervisor.which_children(MixApp.Supervisor)
    monitor = Process.monitor(server)
    Process.exit(server, :kill)
    assert_receive {:DOWN, ^monitor, :process, _, _}, 30_000
    assert {:ok, _} = eventually(fn -> MixApp.ask("What is Erlang?") end)
    {:ok, %{node: other}} = :llama_node.get_status(MixApp.Llama)
    assert other != node
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
