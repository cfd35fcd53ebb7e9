defmodule MixApp.MixProject do
  use Mix.Project

  def project do
    [
      app: :mix_app,
      version: "0.1.0",
      elixir: "~> 1.14",
      deps: [{:llama_node, path: "../..", manager: :rebar3}]
    ]
  end

  def application do
    [mod: {MixApp, []}, extra_applications: [:logger]]
  end
end
