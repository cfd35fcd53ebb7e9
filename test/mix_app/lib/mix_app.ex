defmodule MixApp do
  @moduledoc """
  An application that keeps a local language model under its own supervision tree.
  """
  use Application

  @impl true
  def start(_type, _args) do
    # Without a model in the options, the one that comes with llama_node is loaded. The node is reached over its port,
    # whether this runtime is distributed or not.
    options = %{name: {:local, MixApp.Llama}, transport: :port, log_level: :warning}

    Supervisor.start_link([:llama_node.child_spec(options)],
      strategy: :one_for_one,
      name: MixApp.Supervisor
    )
  end

  @doc "Answers one question."
  def ask(question) do
    with {:ok, result} <- :llama_node.chat(MixApp.Llama, question, %{temperature: 0}) do
      {:ok, result.content}
    end
  end

  @doc "The answer as a lazy enumeration of its pieces, in a session of its own."
  def stream(question) do
    Stream.resource(fn -> open(question) end, &next/1, &close/1)
  end

  defp open(question) do
    {:ok, session} = :llama_node.create_session(MixApp.Llama, %{temperature: 0})
    {:ok, stream} = :llama_node.stream_open(MixApp.Llama, session, :chat, %{content: question})
    {session, stream}
  end

  defp next({session, stream}) do
    case :llama_node.stream_next(stream) do
      {[chunk: %{content: text}], rest} -> {[text], {session, rest}}
      {[done: _result], rest} -> {[], {session, rest}}
      {[error: {code, message}], _rest} -> raise "#{code}: #{message}"
      {:halt, rest} -> {:halt, {session, rest}}
    end
  end

  # Whoever takes only some of the pieces ends up here as well.
  defp close({session, stream}) do
    :ok = :llama_node.stream_close(stream)
    :llama_node.close_session(MixApp.Llama, session)
  end
end
