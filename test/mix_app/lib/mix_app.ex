defmodule MixApp do
  @moduledoc """
  An application that keeps a local language model under its own supervision tree.
  """
  use Application

  @impl true
  def start(_type, _args) do
    # Without a model in the options, the one that comes with llama_node is loaded.
    options = %{name: {:local, MixApp.Llama}, log_level: :warning}
    Supervisor.start_link([:llama_node.child_spec(options)], strategy: :one_for_one, name: MixApp.Supervisor)
  end

  @doc "Answers one question."
  def ask(question) do
    with {:ok, result} <- :llama_node.chat(MixApp.Llama, question, %{temperature: 0}) do
      {:ok, result.content}
    end
  end

  @doc "The answer as a lazy enumeration of its pieces, in a session of its own."
  def stream(question) do
    Stream.resource(
      fn ->
        {:ok, session} = :llama_node.create_session(MixApp.Llama, %{temperature: 0})
        {:ok, task} = :llama_node.stream(MixApp.Llama, session, :chat, %{content: question})
        {session, task}
      end,
      fn
        {_session, :ended} = state ->
          {:halt, state}

        {session, task} ->
          receive do
            {:llama_node, ^task, {:chunk, %{content: text}}} -> {[text], {session, task}}
            {:llama_node, ^task, {:done, _result}} -> {[], {session, :ended}}
            {:llama_node, ^task, {:error, {code, message}}} -> raise "#{code}: #{message}"
          end
      end,
      fn {session, _task} -> :llama_node.close_session(MixApp.Llama, session) end
    )
  end
end
