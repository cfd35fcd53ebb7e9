# A supervised server, and an answer whose pieces are printed as they come. With the path of a GGUF file, another model
# answers. In a mix project, {:llama_node, git: "...", manager: :rebar3} stands in place of -pa.
options = Enum.map(System.argv(), &{:model, Path.expand(&1)})
children = [:llama_node.child_spec(Map.new([{:name, Llama} | options]))]
{:ok, supervisor} = Supervisor.start_link(children, strategy: :one_for_one)

{:ok, %{content: answer}} =
  :llama_node.chat(Llama, "What is Elixir?", %{max_tokens: 60, temperature: 0})

IO.puts("What is Elixir?\n  #{answer}")

print = fn
  {:chunk, %{content: text}}, pieces ->
    IO.write(text)
    pieces + 1

  _other, pieces ->
    pieces
end

IO.puts("And a process?")
{:ok, session} = :llama_node.create_session(Llama, %{max_tokens: 60, temperature: 0})

{:ok, %{finish_reason: reason}, pieces} =
  :llama_node.stream_fold(print, 0, Llama, session, :chat, %{content: "What is a process?"})

IO.puts("\n(#{pieces} pieces, #{reason})")
Supervisor.stop(supervisor)
