namespace Folio.Requests;

/// <summary>The fields of each route's body: read, inert or refused. Sources: OpenAI's API description; vLLM 0.32's request extensions; Anthropic's clients of 2026.</summary>
internal static class FieldPolicies
{
    private static readonly string[] Sampling =
    [
        "n", "best_of", "use_beam_search", "length_penalty", "early_stopping", "temperature", "top_p", "top_k", "min_p", "repetition_penalty", "presence_penalty", "frequency_penalty", "logit_bias", "allowed_token_ids", "bad_words", "max_tokens",
        "min_tokens", "stop", "stop_token_ids", "include_stop_str_in_output", "ignore_eos", "seed", "skip_special_tokens", "prompt_logprobs", "logprob_token_ids",
        "response_format", "structured_outputs", "guided_json", "guided_json_object", "guided_regex", "guided_choice", "guided_grammar",
    ];

    private static readonly string[] Caller = ["user", "cache_salt", "priority"];

    private static readonly string[] Answer =
        ["model", "stream", "stream_options", "stream_interval", "echo", "logprobs", "return_token_ids", "return_tokens_as_token_ids", "request_id", "truncate_prompt_tokens", "add_special_tokens"];

    private static readonly string[] Template = ["messages", "tools", "documents", "add_generation_prompt", "continue_final_message", "chat_template_kwargs", "chat_template"];

    /// <summary>
    /// Labels, and wishes about storage or speed that no answer shows.
    /// <c>spaces_between_special_tokens</c>: these tokenizers put none there, as vLLM's fast ones.
    /// </summary>
    private static readonly string[] Labels = ["metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key", "prompt_cache_retention", "prompt_cache_options", "spaces_between_special_tokens"];

    private static readonly Dictionary<string, string> NotHere = new()
    {
        ["repetition_detection"] = "repetition_detection isn't supported by this server.",
        ["thinking_token_budget"] = "thinking_token_budget isn't supported by this server.",
        ["logits_processors"] = "logits_processors isn't supported by this server.",
        ["prompt_embeds"] = "prompt_embeds isn't supported by this server.",
        ["kv_transfer_params"] = "kv_transfer_params isn't supported by this server.",
        ["vllm_xargs"] = "vllm_xargs isn't supported by this server.",
    };

    public static FieldPolicy Completion { get; } = new([.. Sampling, .. Answer, .. Caller, "prompt"], Labels, new Dictionary<string, string>(NotHere)
    {
        ["suffix"] = "suffix isn't supported: this server continues prompts, it doesn't fill gaps.",
    });

    /// <remarks><c>prediction</c> is a wish about speed.</remarks>
    public static FieldPolicy Chat { get; } = new(
        [.. Sampling, .. Answer, .. Caller, .. Template, "max_completion_tokens", "top_logprobs", "tool_choice", "parallel_tool_calls", "modalities", "reasoning_effort", "include_reasoning"],
        [.. Labels, "prediction"],
        new Dictionary<string, string>(NotHere)
        {
            ["functions"] = "functions isn't supported; it was replaced by tools.",
            ["function_call"] = "function_call isn't supported; it was replaced by tool_choice.",
            ["moderation"] = "moderation isn't supported: this server has no moderation model.",
            ["audio"] = "audio isn't supported: this model writes text.",
            ["web_search_options"] = "web_search_options isn't supported: this server has no web search.",
            ["verbosity"] = "verbosity isn't supported by this server.",
            ["mm_processor_kwargs"] = "mm_processor_kwargs isn't supported: this model reads text.",
            ["media_io_kwargs"] = "media_io_kwargs isn't supported: this model reads text.",
        });

    /// <remarks><c>use_activation</c> is what vLLM calls <c>normalize</c> since 0.11.</remarks>
    public static FieldPolicy Embedding { get; } = new(
        [.. Caller, "model", "input", "encoding_format", "dimensions", "normalize", "use_activation", "truncate_prompt_tokens", "add_special_tokens", "request_id"],
        [],
        new Dictionary<string, string>
        {
            ["messages"] = "messages isn't supported by /v1/embeddings; send input.",
            ["embed_dtype"] = "embed_dtype isn't supported: embeddings are float32.",
            ["endianness"] = "endianness isn't supported: base64 is of little-endian float32.",
            ["truncation_side"] = "truncation_side isn't supported: a text that is cut keeps its first tokens.",
            ["additional_data"] = "additional_data isn't supported by this server.",
            ["mm_processor_kwargs"] = "mm_processor_kwargs isn't supported: this model reads text.",
        });

    /// <summary>Fields of a response's body that a chat reads as they are.</summary>
    public static readonly string[] ResponseAsChat =
    [
        .. Sampling.Except(["n", "best_of", "use_beam_search", "length_penalty", "early_stopping", "max_tokens", "prompt_logprobs", "response_format"]), .. Caller, "model", "stream", "stream_interval", "documents", "chat_template_kwargs", "chat_template", "include_reasoning",
    ];

    /// <remarks><c>store</c> is read here. Where a chat's field means the same by another name, that is told.</remarks>
    public static FieldPolicy Response { get; } = new(
        [
            .. ResponseAsChat, "input", "instructions", "previous_response_id", "max_output_tokens", "max_tool_calls", "tools", "tool_choice", "parallel_tool_calls", "text", "reasoning", "include", "top_logprobs", "truncation", "metadata",
            "stream_options", "store", "background",
        ],
        [.. Labels.Except(["metadata", "store"])],
        new Dictionary<string, string>(NotHere)
        {
            ["conversation"] = "conversation isn't supported; previous_response_id goes on with a stored response.",
            ["prompt"] = "prompt isn't supported: this server stores no prompts; send input and instructions.",
            ["context_management"] = "context_management isn't supported; truncation may be auto.",
            ["moderation"] = "moderation isn't supported by this server.",
            ["messages"] = "messages is a chat's field; here it is input.",
            ["max_tokens"] = "max_tokens is a chat's field; here it is max_output_tokens.",
            ["max_completion_tokens"] = "max_completion_tokens is a chat's field; here it is max_output_tokens.",
            ["response_format"] = "response_format is a chat's field; here it is text.format.",
            ["reasoning_effort"] = "reasoning_effort is a chat's field; here it is reasoning.effort.",
            ["logprobs"] = "logprobs is a chat's field; here include has \"message.output_text.logprobs\".",
            ["n"] = "n isn't supported: a response has one answer.",
            ["request_id"] = "request_id isn't supported: the server names responses, since they are found by their names.",
            ["prompt_logprobs"] = "prompt_logprobs isn't supported: a response has no place for them; chats have.",
        });

    private static readonly string[] Conversation = ["model", "messages", "system", "tools", "tool_choice", "thinking", "output_config", "output_format", "cache_control", "chat_template_kwargs"];

    private static readonly Dictionary<string, string> NotAnthropics = new()
    {
        ["container"] = "container isn't supported: this server runs no code.",
        ["mcp_servers"] = "mcp_servers isn't supported: this server calls no other.",
        ["context_management"] = "context_management isn't supported: a conversation is read as it is sent.",
        ["diagnostics"] = "diagnostics isn't supported by this server; usage.cache_read_input_tokens says what was cached.",
        ["inference_geo"] = "inference_geo isn't supported: this server is where it is.",
    };

    /// <summary>Fields of a body of Anthropic's that a chat reads as they are: its own, and vLLM's extensions of chats.</summary>
    public static readonly string[] MessagesAsChat =
    [
        "model", "stream", "temperature", "top_p", "top_k",
        "min_p", "repetition_penalty", "presence_penalty", "frequency_penalty", "logit_bias", "seed", "min_tokens", "ignore_eos", "stop_token_ids", "allowed_token_ids", "bad_words", "cache_salt", "priority",
    ];

    /// <remarks><c>service_tier</c> and <c>speed</c> are wishes about speed.</remarks>
    public static FieldPolicy Messages { get; } = new([.. Conversation, .. MessagesAsChat, "max_tokens", "stop_sequences", "metadata"], ["service_tier", "speed"], NotAnthropics);

    public static FieldPolicy CountTokens { get; } = new(Conversation, ["speed"], NotAnthropics);

    public static FieldPolicy Tokenize { get; } = new(
        [.. Template, "model", "prompt", "add_special_tokens", "return_token_strs"],
        ["user"],
        new Dictionary<string, string>());

    public static FieldPolicy Prefix { get; } = new(
        [.. Caller, "id", "prompt", "messages", "tools", "documents", "chat_template_kwargs", "chat_template", "reasoning_effort", "model", "add_special_tokens"],
        [],
        new Dictionary<string, string>());

    public static FieldPolicy Detokenize { get; } = new(["model", "tokens"], ["user"], new Dictionary<string, string>());
}
