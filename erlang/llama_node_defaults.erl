%% @doc What the tasks of a model get that do not say: the keys of a session's configuration, written among the options
%% of a start, of {@link llama_node:load_model/3} and of the maps in `models'. Each is checked by `priv/inputs.json',
%% which has their types and ranges.
%% @end
-module(llama_node_defaults).

-export([options/0, check/1]).
-export_type([key/0]).

-type key() ::
    system_prompt | n_predict | max_tokens | temperature | top_k | top_p | min_p | repeat_penalty | repeat_last_n
    | frequency_penalty | presence_penalty | seed | logit_bias | stop | ignore_eos | n_keep | context_shift
    | cache_prompt | timeout | deadline_ms | lora | priority | typical_p | typ_p | top_n_sigma | dynatemp_range
    | dynatemp_exponent | xtc_probability | xtc_threshold | dry_multiplier | dry_base | dry_allowed_length
    | dry_penalty_last_n | dry_sequence_breakers | mirostat | mirostat_tau | mirostat_eta | samplers | n_probs
    | logprobs | top_logprobs | grammar | json_schema | response_format | regex | choice | whitespace
    | json_schema_lenient | parse | tools | tool_choice | parallel_tool_calls | chat_template_kwargs | enable_thinking
    | extra.
%% Their meanings stand in docs/protocol.md, section 2.

%% `chat_template' is an option of the model itself.
-define(KEYS, [
    system_prompt, n_predict, max_tokens, temperature, top_k, top_p, min_p, repeat_penalty, repeat_last_n,
    frequency_penalty, presence_penalty, seed, logit_bias, stop, ignore_eos, n_keep, context_shift, cache_prompt,
    timeout, deadline_ms, lora, priority, typical_p, typ_p, top_n_sigma, dynatemp_range, dynatemp_exponent,
    xtc_probability, xtc_threshold, dry_multiplier, dry_base, dry_allowed_length, dry_penalty_last_n,
    dry_sequence_breakers, mirostat, mirostat_tau, mirostat_eta, samplers, n_probs, logprobs, top_logprobs, grammar,
    json_schema, response_format, regex, choice, whitespace, json_schema_lenient, parse, tools, tool_choice,
    parallel_tool_calls, chat_template_kwargs, enable_thinking, extra]).

%% @doc Their entries in the table of options.
-spec options() -> [llama_node_option_table:option()].
options() ->
    [#{key => Key, part => model, check => input, default => "the model's", text => "as in a session"} || Key <- ?KEYS].

%% @doc Checks those among checked options, and how they go together.
-spec check(#{atom() => term()}) -> ok | {error, llama_node:error()}.
check(Options) ->
    case maps:with(?KEYS, Options) of
        None when None =:= #{} -> ok;
        Given -> llama_node_check:object(llama_node_check:table(), <<"defaults">>, {<<"options">>, Given})
    end.
