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

  test "a scripted server needs no model, and tells what it was asked" do
    {:ok, llama} = :llama_node.start_link(%{transport: :fake, script: ["Hello there.", :crash]})
    # No text is used up by a task that writes none.
    assert {:ok, %{embeddings: [vector]}} = :llama_node.embed(llama, "some text", %{})
    assert_in_delta Enum.sum(Enum.map(vector, &(&1 * &1))), 1, 1.0e-9
    assert {:ok, %{content: "Hello there."}} = :llama_node.chat(llama, "Hi", temperature: 0)

    assert [%{type: :embedding}, %{type: :chat, input: %{messages: [%{content: "Hi"}]}}] =
             :llama_node_fake.requests(llama)

    assert {:error, {:invalid_argument, "top_p must be a number from 0 to 1, not 7"}} =
             :llama_node.chat(llama, "Hi", %{"top_p" => 7})

    # The end of the node is told, and the test goes on.
    assert {:error, {:node_down, _}} = :llama_node.chat(llama, "Hi", %{})
  end

  test "tools are keyword lists; what is no JSON is encoded or refused; exceptions are told by their message" do
    time = fn tool, options ->
      call = %{id: "1", name: "time", arguments: %{}}

      script = fn
        %{input: %{messages: [_]}} -> %{result: %{finish_reason: :tool_calls, tool_calls: [call]}}
        %{input: %{messages: messages}} -> List.last(messages).content
      end

      {:ok, llama} = :llama_node.start_link(%{transport: :fake, script: script})

      with {:ok, %{content: content}} <-
             :llama_node.chat_tools(llama, "What time is it?", [[name: :time, function: tool]], options),
           do: content
    end

    now = fn _ -> {:ok, %{at: ~U[2026-11-29 12:00:00Z]}} end
    assert {:error, {:invalid_argument, message}} = time.(now, %{})
    assert message =~ "time returned a struct DateTime at at"
    assert time.(now, encode: &DateTime.to_iso8601/1) == ~s({"at":"2026-11-29T12:00:00Z"})
    assert time.(fn _ -> {:error, "no clock"} end, %{}) == "error: no clock"

    ExUnit.CaptureLog.capture_log(fn ->
      assert time.(fn _ -> raise ArgumentError, "no clock here" end, %{}) == "error: no clock here"
    end)
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
